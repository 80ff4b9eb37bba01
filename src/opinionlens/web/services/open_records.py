"""The records that the settings describe."""

from __future__ import annotations

from datetime import timedelta

from opinionlens.base.settings import Settings
from opinionlens.storage.database import Database
from opinionlens.storage.records import Records
from opinionlens.storage.retention import Retention
from opinionlens.web.metrics import Metrics


def open_records(settings: Settings, metrics: Metrics) -> Records:
    """Build the records from the settings, without opening them.

    They report to `metrics`.

    Raises:
        SettingsInvalid: the database's URL is of no kind that is supported.
    """
    privacy = settings.privacy
    retention = Retention(
        prediction_texts=timedelta(days=privacy.texts_days),
        predictions=timedelta(days=privacy.predictions_days),
        shadow_answers=timedelta(days=privacy.texts_days),
        drift_sums=timedelta(days=privacy.predictions_days),
        most_predictions=privacy.predictions_rows,
    )
    database = Database(settings.database.url.get_secret_value())
    return Records(
        database,
        keeps_texts=privacy.keep_texts,
        retention=retention,
        on_loss=metrics.count_lost_predictions,
        on_lost_sums=metrics.count_lost_drift_texts,
        on_write=metrics.count_written_predictions,
        on_word=metrics.set_database_up,
        on_expiry=lambda expired: metrics.count_deleted(expired.by_kind()),
    )
