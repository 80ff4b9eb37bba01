"""What the models are asked and how long they take, apart from HTTP."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import GREEN, LABEL_COLOURS, ORANGE, RED, graph, now, number, over_time, up_to
from scripts.dashboards.promql import mean, quantile, rate, share

ENDPOINT = 'endpoint=~"$endpoint"'
ASKED = f'{ENDPOINT},model_class=~"$model_class"'

PREDICTIONS = graph(
    "Predictions by label",
    "Predicted labels in a second, single texts and texts of batches.",
    "cps",
    over_time(rate("predicted_sentiment_total", by="label"), "{{label}}"),
    stacked=True,
    colours=LABEL_COLOURS,
    wide=12,
)
SHARES = graph(
    "Shares of labels",
    "How predictions divide over the labels. A lasting change without a deployment is a change of the "
    "texts: see the drift score.",
    "percentunit",
    over_time(
        f"{rate('predicted_sentiment_total', by='label')}"
        f" / on () group_left () ({rate('predicted_sentiment_total')} > 0)",
        "{{label}}",
    ),
    colours=LABEL_COLOURS,
    top=1,
    wide=12,
)
REQUESTS = graph(
    "Requests that a model answered",
    "Single texts and batches in a second, by the last part of the address.",
    "reqps",
    over_time(rate("model_inference_time_seconds_count", ASKED, "endpoint"), "{{endpoint}}"),
    stacked=True,
    wide=8,
)
MODEL_TIME = graph(
    "Model's time for a request",
    "Time in the model alone, for single texts and whole batches; HTTP and waiting for a thread are not in "
    "it.",
    "s",
    over_time(quantile(0.99, "model_inference_time_seconds", ASKED), "p99"),
    over_time(quantile(0.95, "model_inference_time_seconds", ASKED), "p95"),
    over_time(quantile(0.5, "model_inference_time_seconds", ASKED), "p50"),
    wide=8,
)
TIME_BY_CLASS = graph(
    "Mean time by kind of model",
    "Mean time for a request by address and class of the classifier: which of them a slow p99 comes from.",
    "s",
    over_time(
        mean("model_inference_time_seconds", ASKED, "endpoint, model_class"), "{{endpoint}} {{model_class}}"
    ),
    wide=8,
)
LENGTHS = graph(
    "Length of texts",
    "Characters in a text. Long texts take longer and are less certain.",
    "short",
    over_time(quantile(0.99, "input_text_length_chars", ENDPOINT), "p99"),
    over_time(quantile(0.5, "input_text_length_chars", ENDPOINT), "p50"),
    wide=8,
)
BATCH_SIZES = graph(
    "Texts in a batch",
    "Number of texts that a batch holds.",
    "short",
    over_time(quantile(0.99, "batch_size_text", ENDPOINT), "p99"),
    over_time(quantile(0.5, "batch_size_text", ENDPOINT), "p50"),
    wide=8,
)
TIME_PER_TEXT = graph(
    "Time for a text of a batch",
    "Time of a batch divided by its texts. It should be below the time of a single request.",
    "s",
    over_time(quantile(0.99, "batch_inference_time_per_item_seconds", ASKED), "p99"),
    over_time(quantile(0.5, "batch_inference_time_per_item_seconds", ASKED), "p50"),
    wide=8,
)
QUEUE = graph(
    "Jobs in the batch queue",
    "Batches and long texts that are predicted or wait for a thread, and the most there may be, in all "
    "workers. Once the queue is full, further ones are answered with 503.",
    "short",
    over_time("sum(batch_queue_depth)", "jobs"),
    over_time("sum(batch_queue_limit)", "limit"),
    colours={"limit": ORANGE},
    alerts=["BatchQueueFull"],
    wide=12,
)
ROWS = graph(
    "Rows of the prediction log",
    "Rows stored and lost in a second. Lost rows are missing in the history and in drift checks; the "
    "predictions themselves were given.",
    "rowsps",
    over_time(rate("prediction_rows_written_total"), "written"),
    over_time(rate("prediction_rows_lost_total"), "lost"),
    colours={"written": GREEN, "lost": RED},
    alerts=["PredictionRowsLost"],
    wide=12,
)
WORD_LIST = graph(
    "Word list's share",
    "Predictions that the word list made because no trained version was active.",
    "percentunit",
    over_time(share("model_predictions_total", 'version="none"'), "word list"),
    top=1,
    alerts=["OnlyWordListAnswers"],
    wide=8,
)
DRIFT = number(
    "Drift score",
    "Greatest measure of the newest drift report in units of its threshold: above 1, the texts have drifted "
    "from the training data. Absent until there is a report that could judge.",
    "short",
    now("max(sentiment_drift_score)", "drift score"),
    steps=up_to(warn=1),
    empty="not measured",
    decimals=2,
    wide=8,
)
FEEDBACK = graph(
    "Feedback",
    "Corrections by users in an hour, by the label they give. Much of one label tells where the model errs.",
    "short",
    over_time("sum by (label) (increase(feedback_total[1h]))", "{{label}}"),
    colours=LABEL_COLOURS,
    wide=8,
)

BOARD = Board(
    name="inference",
    title="Inference",
    description="What the models are asked, what they answer and how long they take, without HTTP.",
    variables=[
        choice("endpoint", "Endpoint", "label_values(model_inference_time_seconds_count, endpoint)"),
        choice(
            "model_class", "Class of model", "label_values(model_inference_time_seconds_count, model_class)"
        ),
    ],
    sections=[
        Section("Predictions", [Line(8, [PREDICTIONS, SHARES])]),
        Section("Time", [Line(8, [REQUESTS, MODEL_TIME, TIME_BY_CLASS])]),
        Section("Texts and batches", [Line(8, [LENGTHS, BATCH_SIZES, TIME_PER_TEXT])]),
        Section("Queue and log", [Line(8, [QUEUE, ROWS])]),
        Section("Quality", [Line(7, [WORD_LIST, DRIFT, FEEDBACK])]),
    ],
)
