"""Commands of the pages that are not run by tests/docs/test_pages.py, and the test that covers each.

A value is "path::name" of one test; tests/docs/test_pages.py checks that it exists.
"""

from __future__ import annotations

from collections.abc import Mapping

BOARDS = "tests/device/check_boards.py"
DEPLOY = "tests/device/check_deploy.py"
ADOPT = "tests/runtime/test_adopt.py"
CAMERA = "tests/runtime/test_camera.py"
END_TO_END = "tests/test_end_to_end.py::test_from_images_to_a_reading"
SEAMS = "tests/docs/test_contributing.py::test_one_file_and_one_row_are_enough"  # compares the output, too
MQTT = "tests/runtime/outputs/test_mqtt_client.py::test_readings_are_retained_and_survive_the_broker"

ELSEWHERE: Mapping[str, str] = {
    # Setting up: the tests run within it.
    ". .venv/bin/activate": "tests/test_wheel.py::test_it_reads_a_picture_from_another_folder",
    # CONTRIBUTING's worked examples, which need the file that is shown above the command.
    "python -m runtime.camera typed://31415 --read": SEAMS,
    "python -m runtime.camera samples --tally 2>&1 > /dev/null | tail -n 1": SEAMS,
    "python -m convert train/digits.keras --data mnist.npz --quantization int16 -o artifacts/int16.tflite": SEAMS,
    # A camera, a broker, a network.
    "edge-classifier camera": f"{CAMERA}::test_a_line_for_each_change",
    "rpicam-vid -n -t 0 --codec mjpeg -o - | edge-classifier camera -": f"{CAMERA}::test_a_pipe_of_jpegs_to_its_end",
    "edge-classifier camera fake://digits --mqtt mqtt://user@broker.local:1883/kitchen/meter "
    "--mqtt-password-file secret.txt": MQTT,
    "edge-classifier camera https://camera.local/video --http-ca camera.pem": (
        "tests/runtime/sources/test_http_client.py::test_a_certificate_that_is_not_trusted_has_two_remedies"
    ),
    "edge-classifier camera fake://digits --mqtt mqtts://broker.local/kitchen/meter --mqtt-ca ca.pem": (
        "tests/runtime/outputs/test_mqtt_tls.py::test_readings_go_through_tls_to_a_broker_with_a_ca_of_its_own"
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
    "python -m train --data pictures/ --epochs 20": (
        "tests/train/data/test_folders.py::test_loading_frames_every_picture_as_rgb_and_splits_by_the_seed"
    ),
    "python -m convert": "tests/convert/test_main.py::test_a_conversion_says_what_a_person_needs_and_no_more",
    "edge-classifier classify -m artifacts/model.tflite 'pictures/*/*.jpg'": (
        "tests/runtime/image/test_files.py::test_folders_and_patterns_in_natural_order"
    ),
    "python -m convert my_model.h5 --data my_images.npz --labels labels.txt -o my_model.tflite": (
        "tests/convert/test_main.py::test_a_foreign_saved_model_without_a_card"
    ),
    "edge-classifier classify -m model.tflite -l labels.txt samples/photo_7.jpg": (
        f"{ADOPT}::test_a_bare_file_is_classified_with_one_note"
    ),
    "edge-classifier adopt model.tflite -l labels.txt -o my_model.tflite": f"{ADOPT}::test_a_file_that_says_all",
    "edge-classifier adopt model.tflite --pictures pictures/ -o my_model.tflite": (
        f"{ADOPT}::test_it_prints_its_evidence_and_the_file_works_everywhere"
    ),
    "edge-classifier adopt mnist.tflite --scale 0..1 --framing ink -o digits.tflite": (
        f"{ADOPT}::test_a_reader_of_handwriting_before_anybodys_model"
    ),
    "make report": "tests/train/report/test_main.py::test_the_command_makes_it_again",
    "python -m convert.compare": "tests/convert/test_compare.py::test_the_json_has_what_the_report_reads",
    "python -m convert --quantization dynamic -o artifacts/dynamic.tflite": (
        "tests/convert/test_worker.py::test_every_quantization_reads_as_keras_does"
    ),
    "python -m convert --quantization float16 -o artifacts/float16.tflite": (
        "tests/convert/test_worker.py::test_every_quantization_reads_as_keras_does"
    ),
    "edge-classifier benchmark --compare artifacts/model.tflite artifacts/dynamic.tflite artifacts/float16.tflite": (
        "tests/runtime/test_benchmark.py::test_compare_drops_a_model_whose_selftest_fails"
    ),
    # A board.
    "make deploy HOST=pi@raspberrypi.local": (
        f"{DEPLOY}::test_the_first_time_everything_is_sent_installed_proven_and_started"
    ),
    "make deploy HOST=pi@raspberrypi.local MODEL=artifacts/model.tflite": (
        f"{DEPLOY}::test_a_new_model_is_all_that_is_sent_and_the_old_version_is_kept"
    ),
    "make rollback HOST=pi@raspberrypi.local": f"{DEPLOY}::test_rollback_goes_back_and_forth",
    "make bundle TARGET=aarch64-py311": f"{BOARDS}::test_it_is_installed",
    "tar xf edge-classifier-*.tar && sudo python3 edge-classifier-*/install.py": (
        "tests/deploy/device/test_install.py::test_the_first_time"
    ),
    "sudo apt install python3-numpy python3-opencv": f"{BOARDS}::test_it_is_installed",
    "sudo systemctl restart edge-classifier": (
        f"{DEPLOY}::test_a_service_that_does_not_start_brings_the_old_version_back"
    ),
    "systemctl status edge-classifier": (
        f"{DEPLOY}::test_the_first_time_everything_is_sent_installed_proven_and_started"
    ),
    "make test-device": f"{BOARDS}::test_the_samples_are_read_as_on_the_host",
    # Measurements: minutes to hours, and data that is not shipped.
    "make bench": "tests/benchmarks/test_startup.py::test_both_starts_are_measured_and_compared",
    "make bench-model": "tests/benchmarks/test_peers.py::test_it_is_the_same_network_in_every_engine",
    "make leaderboard": "tests/benchmarks/test_leaderboard.py::test_the_command_measures_what_is_there",
    "make eval-real REAL=folder": (
        "tests/benchmarks/test_real_pictures.py::test_the_command_counts_and_shows_the_misses"
    ),
    "make eval-foreign": ("tests/benchmarks/test_foreign_models.py::test_the_command_counts_what_is_run_right"),
    "make eval-robust": "tests/benchmarks/test_robustness.py::test_the_command_prints_a_row_a_corruption",
    'MNIST_NPZ=mnist.npz python -m benchmarks.architectures --epochs 4 --only cnn "32k5/2 48 64/2 96"': (
        "tests/benchmarks/test_candidates.py::test_a_network_can_be_given_in_words"
    ),
}
