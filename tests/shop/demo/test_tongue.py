"""Chinese first: English only for who asks for it."""

import pytest

from shop.demo import tongue


class TestTerminal:
    @pytest.mark.parametrize(
        ("lang", "environ", "language"),
        [
            ("", {}, "zh-hans"),
            ("", {"LANG": ""}, "zh-hans"),
            ("", {"LANG": "C"}, "zh-hans"),
            ("", {"LANG": "C.UTF-8"}, "zh-hans"),
            ("", {"LANG": "POSIX"}, "zh-hans"),
            ("", {"LANG": "zh_CN.UTF-8"}, "zh-hans"),
            ("", {"LANG": "de_DE.UTF-8"}, "zh-hans"),
            ("", {"LANG": "en_US.UTF-8"}, "en"),
            ("", {"LANG": "en"}, "en"),
            ("", {"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh-hans"),
            ("", {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
            ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
            ("zh", {"LANG": "en_US.UTF-8"}, "zh-hans"),
        ],
    )
    def test_is_told_in(self, lang, environ, language):
        assert tongue.terminal(lang=lang, environ=environ) == language

    def test_says_one_of_two(self, monkeypatch):
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        assert tongue.say("数据库", "Database") == "数据库"
        monkeypatch.setenv("LANG", "en_US.UTF-8")
        assert tongue.say("数据库", "Database") == "Database"
