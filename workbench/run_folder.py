"""The files of a run, by name: train and convert meet in one folder (artifacts/), and only through these.

The arrays of DATASET_FILE are written and read by workbench.dataset. Nothing is imported here, so that `-h` costs
nothing.
"""

MODEL_FILE = "model.keras"
H5_FILE = "model.h5"  # with --save-h5
CARD_FILE = "card.json"  # the draft of the card, which conversion completes
DATASET_FILE = "dataset.npz"  # the model's inputs: see workbench.dataset
HISTORY_FILE = "history.csv"  # a row an epoch
METRICS_FILE = "metrics.json"  # of the Keras model on the test images
TFLITE_FILE = "model.tflite"
PARITY_FILE = "parity.json"  # of the last conversion, beside its .tflite
COMPARE_FILE = "compare.json"  # all quantizations beside each other
REPORT_FILE = "report.html"
LEADERBOARD_FILE = "leaderboard.json"  # what benchmarks.leaderboard measured
CHECKPOINT_FOLDER = "checkpoint"  # a training's state after its last whole epoch,
STATE_FILE = "state.json"  # which this file in it describes
TEACHERS_FOLDER = "teachers"  # of the models that were trained to teach this one, a folder each
