"""Commands of the pages that are not run by tests/docs/test_pages.py, and the test that covers each.

A value is the path of a test file, or "path::name" of one test in it; tests/docs/test_pages.py checks that it exists.
"""

from __future__ import annotations

from collections.abc import Mapping

BOARDS = "tests/device/check_boards.py"
DEPLOY = "tests/device/check_deploy.py"
CAMERA = "tests/runtime/test_camera.py"
END_TO_END = "tests/test_end_to_end.py::test_from_images_to_a_reading"
SEAMS = "tests/docs/test_contributing.py::test_one_file_and_one_row_are_enough"  # compares the output, too
MQTT = "tests/runtime/outputs/test_mqtt_client.py"

ELSEWHERE: Mapping[str, str] = {
    # Setting up: the tests run within it.
    ". .venv/bin/activate": "tests/test_wheel.py",
    # CONTRIBUTING's worked examples, which need the file that is shown above the command.
    "python -m runtime.camera typed://31415 --read": SEAMS,
    "python -m runtime.camera samples --tally 2>&1 > /dev/null | tail -n 1": SEAMS,
    "python -m convert train/digits.keras --data mnist.npz --quantization int16 -o artifacts/int16.tflite": SEAMS,
    # A camera, a broker, a network.
    "edge-classifier camera": f"{CAMERA}::test_a_line_for_each_change",
    "rpicam-vid -n -t 0 --codec mjpeg -o - | edge-classifier camera -": f"{CAMERA}::test_a_pipe_of_jpegs_to_its_end",
    "edge-classifier camera fake://digits --mqtt mqtt://user:password@broker.local:1883/kitchen/meter": MQTT,
    "edge-classifier camera fake://digits --mqtt mqtts://broker.local/kitchen/meter --mqtt-ca ca.pem": (
        "tests/runtime/outputs/test_mqtt_tls.py"
    ),
    "edge-classifier camera fake://digits --mqtt mqtt://broker.local/kitchen/meter --discovery": (
        "tests/runtime/outputs/test_mqtt_messages.py::test_home_assistant_is_told_where_to_look"
    ),
    # A training, a conversion.
    "make train convert": END_TO_END,
    'make train TRAIN_ARGS="--data mnist-5k --model cnn --epochs 6"': END_TO_END,
    'make convert CONVERT_ARGS="--max-accuracy-drop 0.005 --min-agreement 0.99"': END_TO_END,
    "edge-classifier classify -m artifacts/model.tflite samples": END_TO_END,
    'MNIST_NPZ=mnist.npz make train convert TRAIN_ARGS="--precision bfloat16 --teacher cnn-clean --teacher cnn-clean" '
    'CONVERT_ARGS="--max-accuracy-drop 0.0005 --min-agreement 0.9995"': END_TO_END,
    "python -m train --data pictures/ --epochs 20": "tests/train/data/test_folders.py",
    "python -m convert": "tests/convert/test_main.py",
    "edge-classifier classify -m artifacts/model.tflite 'pictures/*/*.jpg'": (
        "tests/runtime/image/test_files.py::test_folders_and_patterns_in_natural_order"
    ),
    "python -m convert my_model.h5 --data my_images.npz --labels labels.txt -o my_model.tflite": (
        "tests/convert/test_main.py::test_a_foreign_saved_model_without_a_card"
    ),
    "edge-classifier classify -m model.tflite -l labels.txt samples/photo_7.jpg": (
        "tests/runtime/test_classify.py::test_threshold_and_labels"
    ),
    "make report": "tests/convert/test_compare.py",
    "python -m convert.compare": "tests/convert/test_compare.py",
    "python -m convert --quantization dynamic -o artifacts/dynamic.tflite": "tests/convert/test_converter.py",
    "python -m convert --quantization float16 -o artifacts/float16.tflite": "tests/convert/test_converter.py",
    "edge-classifier benchmark --compare artifacts/model.tflite artifacts/dynamic.tflite artifacts/float16.tflite": (
        "tests/runtime/test_benchmark.py::test_compare_drops_a_model_whose_selftest_fails"
    ),
    # A board.
    "make deploy HOST=pi@raspberrypi.local": DEPLOY,
    "make deploy HOST=pi@raspberrypi.local MODEL=artifacts/model.tflite": DEPLOY,
    "make rollback HOST=pi@raspberrypi.local": f"{DEPLOY}::test_rollback_goes_back_and_forth",
    "make bundle TARGET=aarch64-py311": BOARDS,
    "tar xf edge-classifier-*.tar && sudo python3 edge-classifier-*/install.py": "tests/deploy/device/test_install.py",
    "sudo apt install python3-numpy python3-opencv": f"{BOARDS}::test_it_is_installed",
    "sudo systemctl restart edge-classifier": DEPLOY,
    "systemctl status edge-classifier": DEPLOY,
    "make test-device": BOARDS,
    # Measurements: minutes to hours, and data that is not shipped.
    "make bench": "tests/benchmarks/test_startup.py",
    "make bench-model": "tests/benchmarks/test_peers.py",
    "make leaderboard": "tests/benchmarks/test_leaderboard.py",
    "make eval-real REAL=folder": "tests/benchmarks/test_real_pictures.py",
    "make eval-robust": "tests/benchmarks/test_robustness.py",
    'MNIST_NPZ=mnist.npz python -m benchmarks.architectures --epochs 4 --only cnn "32k5/2 48 64/2 96"': (
        "tests/benchmarks/test_candidates.py"
    ),
}
