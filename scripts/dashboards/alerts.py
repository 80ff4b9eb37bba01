"""The alerts that panels and the table of firing alerts link to the runbook."""

ALERTS = (
    "AppDown",
    "BackupTooOld",
    "BatchQueueFull",
    "CertificateExpiring",
    "DatabaseUnreachable",
    "DiskFilling",
    "DriftCheckMissing",
    "ErrorShareHigh",
    "EstimatedQualityFalling",
    "FollowerBehind",
    "LatencyHigh",
    "NoModelAnswers",
    "OnlyWordListAnswers",
    "PredictionRowsLost",
    "RegistryUnreachable",
    "ScrapeTargetDown",
    "SentimentDrift",
)
