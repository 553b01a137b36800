"""The board designs: the blocks of this package on a board's pins."""

from __future__ import annotations

from typing import Any

from amaranth.build import ResourceError
from amaranth.hdl import Cat, ClockDomain, Elaboratable, Module, Signal
from amaranth.lib import io

from .digit_demo import SWITCHES, DigitDemo
from .serial_classifier import SerialClassifier

CLASS_LEDS = 4


class SerialTop(Elaboratable):
    """The accelerator on the board's serial line; four LEDs show the last class in binary.

    Parameters
    ----------
    classifier : SerialClassifier
    clock : Elaboratable, optional
        Drives ``sync``; without it the platform does, from its clock pin.
    """

    def __init__(self, classifier: SerialClassifier, clock: Elaboratable | None = None) -> None:
        self._classifier = classifier
        self._clock = clock

    def elaborate(self, platform: Any) -> Module:
        """Connect the pins."""
        m = Module()
        _add_clock(m, self._clock)
        m.submodules.classifier = classifier = self._classifier
        uart = platform.request("uart", 0, dir="-")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [
            classifier.rx.eq(rx.i),
            tx.o.eq(classifier.tx),
            _leds(m, platform).eq(classifier.winner),
        ]
        return m


class DigitTop(Elaboratable):
    """Digits from a ROM: switches choose, button 0 starts, four LEDs show the class in binary.

    Pass and fail are the green and the red of the first RGB LED, or plain LEDs 6 and 7 on a board without one.

    Parameters
    ----------
    demo : DigitDemo
    clock : Elaboratable, optional
        Drives ``sync``; without it the platform does, from its clock pin.
    """

    def __init__(self, demo: DigitDemo, clock: Elaboratable | None = None) -> None:
        self._demo = demo
        self._clock = clock

    def elaborate(self, platform: Any) -> Module:
        """Connect the pins."""
        m = Module()
        _add_clock(m, self._clock)
        m.submodules.demo = demo = self._demo
        switches = []
        for number in range(SWITCHES):
            m.submodules[f"switch_{number}"] = switch = io.Buffer("i", platform.request("switch", number, dir="-"))
            switches.append(switch.i)
        m.submodules.button = button = io.Buffer("i", platform.request("button", 0, dir="-"))
        pass_port, fail_port = self._verdict(platform)
        m.submodules.pass_led = pass_led = io.Buffer("o", pass_port)
        m.submodules.fail_led = fail_led = io.Buffer("o", fail_port)
        m.d.comb += [
            demo.switches.eq(Cat(switches)),
            demo.button.eq(button.i),
            _leds(m, platform).eq(demo.winner),
            pass_led.o.eq(demo.passed),
            fail_led.o.eq(demo.failed),
        ]
        return m

    @staticmethod
    def _verdict(platform: Any) -> tuple[Any, Any]:
        try:
            rgb = platform.request("rgb_led", 0, dir="-")
        except ResourceError:
            return platform.request("led", 6, dir="-"), platform.request("led", 7, dir="-")
        return rgb.g, rgb.r


def _add_clock(m: Module, clock: Elaboratable | None) -> None:
    """Drive ``sync``, unless that is left to the platform."""
    if clock is not None:
        m.domains.sync = ClockDomain("sync")
        m.submodules.clock = clock


def _leds(m: Module, platform: Any) -> Signal:
    """A signal that the first LEDs show."""
    shown = Signal(CLASS_LEDS, name="shown")
    for number in range(CLASS_LEDS):
        m.submodules[f"led_{number}"] = led = io.Buffer("o", platform.request("led", number, dir="-"))
        m.d.comb += led.o.eq(shown[number])
    return shown
