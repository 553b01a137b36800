"""Registers of the accelerator on a PYNQ board."""

# <registers>
IDENTITY = 0x4C535441
MAP_MAJOR = 1
OFFSETS = {
    "ID": 0x000,
    "VERSION": 0x004,
    "WEIGHTS_HASH": 0x008,
    "INPUT_SIZE": 0x00C,
    "CLASSES": 0x010,
    "STREAM_BITS": 0x014,
    "CONTROL": 0x018,
    "STATUS": 0x01C,
    "ERRORS": 0x020,
    "IRQ_ENABLE": 0x024,
    "IRQ_STATUS": 0x028,
    "FRAMES": 0x02C,
    "CYCLES": 0x030,
    "SHORT_FRAMES": 0x034,
    "LONG_FRAMES": 0x038,
    "DROPPED_FRAMES": 0x03C,
    "LAST_RESULT": 0x040,
}
FIELDS = {
    ("VERSION", "minor"): (0, 16),
    ("VERSION", "major"): (16, 16),
    ("INPUT_SIZE", "rows"): (0, 16),
    ("INPUT_SIZE", "columns"): (16, 16),
    ("CONTROL", "enable"): (0, 1),
    ("CONTROL", "soft_reset"): (1, 1),
    ("CONTROL", "clear_counters"): (2, 1),
    ("STATUS", "busy"): (0, 1),
    ("STATUS", "receiving"): (1, 1),
    ("STATUS", "result"): (2, 1),
    ("ERRORS", "short_frame"): (0, 1),
    ("ERRORS", "long_frame"): (1, 1),
    ("ERRORS", "bad_access"): (2, 1),
    ("IRQ_ENABLE", "frame_done"): (0, 1),
    ("IRQ_ENABLE", "frame_dropped"): (1, 1),
    ("IRQ_STATUS", "frame_done"): (0, 1),
    ("IRQ_STATUS", "frame_dropped"): (1, 1),
    ("LAST_RESULT", "class"): (0, 8),
    ("LAST_RESULT", "logit"): (8, 23),
    ("LAST_RESULT", "dropped"): (31, 1),
}
# </registers>
