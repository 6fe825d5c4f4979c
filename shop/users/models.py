"""People who log in: a phone number, a name, and the roles they hold."""

from typing import Any, ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.phones import clean_phone, mask_phone
from partners.privacy import EncryptedField, mask_name


class UserManager(BaseUserManager["User"]):
    """Makes users from a phone number."""

    def create_user(
        self, phone: str, password: str | None = None, **fields: Any
    ) -> "User":
        user = self.model(phone=clean_phone(phone), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, phone: str, password: str, **fields: Any) -> "User":
        fields |= {"is_staff": True, "is_superuser": True}
        return self.create_user(phone, password, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with a phone. Buyers need no account; everyone else has one.

    What a user may touch (which villages, which supermarket) is kept where the
    thing is: an Assistant's villages, a Supermarket's managers.
    """

    phone = models.CharField(_("Mobile number"), max_length=11, unique=True)
    name = models.CharField(_("Name"), max_length=60, blank=True)
    # Oscar's models and templates expect an e-mail address to exist.
    email = models.EmailField(_("E-mail address"), blank=True)
    is_staff = models.BooleanField(_("County staff"), default=False)
    is_active = models.BooleanField(_("Active"), default=True)
    # What its holder chose last, for what we write to them; empty: never chosen.
    language = models.CharField(
        max_length=8, blank=True, default="", db_default="", editable=False
    )
    # Raised to end every session of this user.
    sessions_ended = models.PositiveIntegerField(
        default=0, db_default=0, editable=False
    )
    date_joined = models.DateTimeField(_("Joined at"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "phone"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("User")
        verbose_name_plural = _("Users")

    def __str__(self) -> str:
        return f"{mask_name(self.name)} {mask_phone(self.phone)}".strip()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_session_auth_hash(self) -> str:
        """What a session of this user must know to go on."""
        known = super().get_session_auth_hash()
        return f"{known}:{self.sessions_ended}" if self.sessions_ended else known

    def has_role(self, role: str) -> bool:
        """Whether the user holds `role`, one of `Role.values`."""
        return role in self.held_roles

    @property
    def held_roles(self) -> set[str]:
        """The user's roles; asked once for each request's user."""
        if not hasattr(self, "_held_roles"):
            self._held_roles = set(self.roles.values_list("role", flat=True))
        return self._held_roles

    def forget_roles(self) -> None:
        """Have the roles asked again after one was given or taken."""
        self.__dict__.pop("_held_roles", None)


class Role(models.TextChoices):
    """What somebody is to the county; one person may be several."""

    BUYER = "buyer", _("Buyer")
    FARMER = "farmer", _("Farmer")
    ASSISTANT = "assistant", _("Village assistant")
    SUPERMARKET_MANAGER = "supermarket_manager", _("Supermarket manager")
    HOUSEHOLD_CONTACT = "household_contact", _("Householder's contact")
    OPERATOR = "operator", _("County operator")
    AUDITOR = "auditor", _("Auditor")
    INSPECTOR = "inspector", _("Inspector of produce")


# Who sees or changes other people's business by their role.
STAFF = frozenset({Role.OPERATOR, Role.AUDITOR, Role.INSPECTOR})


class RoleGrant(models.Model):
    """A role that somebody was given, by whom and when."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(_("Role"), max_length=24, choices=Role.choices)
    granted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    granted_at = models.DateTimeField(_("Granted at"), default=timezone.now)

    class Meta:
        verbose_name = _("Role")
        verbose_name_plural = _("Roles")
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="role_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class Authenticator(models.Model):
    """An app on somebody's phone that shows the second code of their login.

    `secret` is what both of us know, in base 32; `last_step` the half minute whose
    code was used last, so that none is used twice.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="authenticator"
    )
    secret = EncryptedField()
    enrolled_at = models.DateTimeField(_("Set up at"))
    last_step = models.BigIntegerField()

    class Meta:
        verbose_name = _("Authenticator")
        verbose_name_plural = _("Authenticators")

    def __str__(self) -> str:
        return f"{self.user}"


class SpareCode(models.Model):
    """A code for the day the phone is gone; kept as a keyed fingerprint, good once."""

    authenticator = models.ForeignKey(
        Authenticator, on_delete=models.CASCADE, related_name="spare_codes"
    )
    fingerprint = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("Spare code")
        verbose_name_plural = _("Spare codes")

    def __str__(self) -> str:
        return f"{self.authenticator} {self.pk}"


class LoginTicket(models.Model):
    """Somebody on the way in: which phone, by which way, how many tries were made.

    Kept in the asker's session by its key alone, so that nobody can spend another
    person's tries. The code that was sent is here as a keyed fingerprint only.
    """

    class Way(models.TextChoices):
        CODE = "code", _("Code by text message")
        PASSWORD = "password", _("Password")

    way = models.CharField(max_length=8, choices=Way.choices)
    phone = EncryptedField()
    nonce = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("Login ticket")
        verbose_name_plural = _("Login tickets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(way__in=["code", "password"]),
                name="login_way_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} {mask_phone(self.phone)}"
