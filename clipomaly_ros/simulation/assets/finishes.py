"""Random finishes of small things: bare and painted metal, plastic, cloth, film, paper, glass."""

from __future__ import annotations

import colorsys

import numpy as np

from clipomaly_ros.simulation.materials import Colour, Material, Pattern


def shade(
    generator: np.random.Generator, value: tuple[float, float], saturation: tuple[float, float]
) -> Colour:
    """Return a random hue as linear RGB, with display value and saturation uniform in the given ranges."""
    display = colorsys.hsv_to_rgb(
        generator.uniform(), generator.uniform(*saturation), generator.uniform(*value)
    )
    red, green, blue = (float(channel**2.2) for channel in display)
    return (red, green, blue)


def any_colour(generator: np.random.Generator) -> Colour:
    """Return a vivid, muted, pale, dark or grey colour, linear RGB."""
    ranges = (
        ((0.45, 0.95), (0.55, 0.95)),
        ((0.35, 0.75), (0.15, 0.6)),
        ((0.75, 0.97), (0.02, 0.3)),
        ((0.08, 0.35), (0.0, 0.7)),
        ((0.15, 0.95), (0.0, 0.06)),
    )
    return shade(generator, *ranges[generator.choice(5, p=(0.26, 0.24, 0.16, 0.22, 0.12))])


def bare_metal(generator: np.random.Generator) -> Material:
    """Return steel, zinc, aluminium, brass, copper, blackened or rusty metal."""
    rows = (
        ((0.42, 0.43, 0.45), 0.75),
        ((0.58, 0.58, 0.56), 0.55),
        ((0.68, 0.69, 0.71), 0.85),
        ((0.62, 0.46, 0.17), 0.7),
        ((0.52, 0.25, 0.14), 0.6),
        ((0.05, 0.05, 0.055), 0.45),
        ((0.23, 0.09, 0.04), 0.08),
    )
    kind = int(generator.choice(7, p=(0.28, 0.2, 0.2, 0.1, 0.04, 0.08, 0.1)))
    colour, gloss = rows[kind]
    light = generator.uniform(0.8, 1.2)
    rust = kind == 6
    return Material(
        (colour[0] * light, colour[1] * light, colour[2] * light),
        second=(0.3, 0.13, 0.05) if rust else (0.6 * colour[0], 0.57 * colour[1], 0.52 * colour[2]),
        pattern=Pattern.NOISE if rust or generator.uniform() < 0.2 else Pattern.PLAIN,
        period=0.02,
        gloss=gloss * generator.uniform(0.7, 1.1),
        metallic=0.2 if rust else 0.9,
        reflectance=float(generator.uniform(0.25, 0.7)),
        dirt=float(generator.uniform(0.05, 0.4)),
    )


def painted(generator: np.random.Generator, colour: Colour | None = None) -> Material:
    """Return painted metal, of the colour or any."""
    return Material(
        colour or any_colour(generator),
        second=any_colour(generator),
        gloss=float(generator.uniform(0.2, 0.7)),
        reflectance=float(generator.uniform(0.2, 0.6)),
        dirt=float(generator.uniform(0.05, 0.4)),
    )


def plastic(generator: np.random.Generator, colour: Colour | None = None) -> Material:
    """Return moulded plastic, of the colour or any."""
    return Material(
        colour or any_colour(generator),
        gloss=float(generator.uniform(0.15, 0.8)),
        reflectance=float(generator.uniform(0.15, 0.6)),
        dirt=float(generator.uniform(0.02, 0.25)),
    )


def cloth(generator: np.random.Generator, colour: Colour | None = None, size: float = 0.1) -> Material:
    """Return woven cloth, plain or patterned with a period around size [m]."""
    patterns = (Pattern.PLAIN, Pattern.NOISE, Pattern.CHECKS, Pattern.STRIPES, Pattern.SPECKLE)
    return Material(
        colour or any_colour(generator),
        second=any_colour(generator),
        pattern=patterns[generator.choice(5, p=(0.5, 0.18, 0.12, 0.1, 0.1))],
        period=float(size * generator.uniform(0.4, 1.6)),
        gloss=float(generator.uniform(0.0, 0.12)),
        reflectance=float(generator.uniform(0.2, 0.7)),
        dirt=float(generator.uniform(0.05, 0.5)),
    )


def film(generator: np.random.Generator, opacity: tuple[float, float] = (0.55, 0.97)) -> Material:
    """Return thin plastic film, see-through by 1 - opacity: milky, white, black or coloured."""
    pale = shade(generator, (0.8, 0.98), (0.0, 0.15))
    return Material(
        pale if generator.uniform() < 0.55 else any_colour(generator),
        gloss=float(generator.uniform(0.4, 0.9)),
        opacity=float(generator.uniform(*opacity)),
        reflectance=float(generator.uniform(0.15, 0.5)),
        dirt=float(generator.uniform(0.0, 0.2)),
    )


def rubber(generator: np.random.Generator) -> Material:
    """Return black or dark grey rubber."""
    grey = float(generator.uniform(0.01, 0.06))
    return Material((grey, grey, grey), gloss=0.08, reflectance=0.08, dirt=0.3)


def paper(generator: np.random.Generator) -> Material:
    """Return white, grey or brown paper or card, plain or printed."""
    brown = generator.uniform() < 0.3
    light = float(generator.uniform(0.6, 0.9))
    printed = generator.uniform() < 0.4
    return Material(
        (0.45 * light, 0.28 * light, 0.14 * light) if brown else (light, light, light * 0.97),
        second=any_colour(generator),
        pattern=Pattern.STRIPES if printed else Pattern.PLAIN,
        period=float(generator.uniform(0.03, 0.1)),
        gloss=0.1,
        reflectance=0.7,
    )


def glass(generator: np.random.Generator, colour: Colour | None = None) -> Material:
    """Return glass or clear plastic, tinted by the colour or none."""
    return Material(
        colour or shade(generator, (0.7, 0.95), (0.0, 0.4)),
        gloss=0.95,
        mirror=0.12,
        opacity=float(generator.uniform(0.4, 0.75)),
        reflectance=0.1,
        dirt=0.1,
    )
