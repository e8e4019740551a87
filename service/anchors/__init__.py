"""Where notes are kept so that whoever rewrites the archive cannot rewrite them too."""

from collections.abc import Sequence

from service.anchors.folder import Folder
from service.anchors.mail import Mail
from service.anchors.port import Place
from service.settings import Settings


def open_places(settings: Settings) -> Sequence[Place]:
    """Return the places that the settings name; raises `SettingsError`."""
    places: list[Place] = []
    if settings.anchor_bucket:
        # who verifies reads notes in folders and need not wait for the client of S3
        from service.anchors.bucket import Bucket  # noqa: PLC0415 - see above

        places.append(
            Bucket.of(
                settings.anchor_bucket,
                access_key=settings.anchor_access_key,
                secret_key=settings.anchor_secret_key,
                days=settings.anchor_lock_days,
            )
        )
    if settings.anchor_mail:
        places.append(
            Mail.of(
                settings.anchor_smtp,
                to=settings.anchor_mail,
                sender=settings.anchor_mail_from,
                login=settings.anchor_smtp_login,
            )
        )
    if settings.anchor_folder:
        places.append(Folder(settings.anchor_folder))
    return places
