"""The scenes of the sample pictures: small landscapes and patterns, drawn with Pillow alone.

It decides shapes and colours, from fixed seeds: one Pillow version always gives the same pixels.
It leaves out files and records (``samples``).
"""

from __future__ import annotations

import math
import random
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]


def _clouds(size: tuple[int, int], seed: int, octaves: int = 6) -> Image.Image:
    """Mode L: turned random fields of doubling fineness, each half as strong as the one before."""
    source = random.Random(seed)  # noqa: S311 - a picture, not a key
    width, height = size
    diagonal = round(math.hypot(width, height))
    left, top = (diagonal - width) // 2, (diagonal - height) // 2
    field = Image.new("L", size, 128)
    for octave in range(octaves, 0, -1):
        side = 2**octave + 2
        layer = Image.frombytes("L", (side, side), source.randbytes(side * side))
        layer = layer.resize((diagonal, diagonal), Image.Resampling.BICUBIC)
        layer = layer.rotate(source.randrange(360), Image.Resampling.BILINEAR)
        field = Image.blend(field, layer.crop((left, top, left + width, top + height)), 0.5)
    return ImageOps.autocontrast(field)


def _gradient(size: tuple[int, int], *colours: Colour) -> Image.Image:
    """Top to bottom through evenly spaced colours."""
    column = Image.new("RGB", (1, 256))
    steps = 255 / (len(colours) - 1)
    for number, (upper, lower) in enumerate(pairwise(colours)):
        for y in range(round(number * steps), round((number + 1) * steps) + 1):
            share = y / steps - number
            column.putpixel((0, y), _mixed(upper, lower, share))
    return column.resize(size, Image.Resampling.BICUBIC)


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _shine(picture: Image.Image, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    """Add a soft light to the picture."""
    disc = ImageOps.invert(
        Image.radial_gradient("L").resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
    )
    _add(picture, centre, ImageOps.colorize(disc.point(_falloff), (0, 0, 0), colour))


def _add(picture: Image.Image, centre: tuple[int, int], light: Image.Image) -> None:
    """Add a patch of light in its place; only the patch is touched, not the whole picture."""
    left, top = centre[0] - light.width // 2, centre[1] - light.height // 2
    ground = picture.crop((left, top, left + light.width, top + light.height))
    picture.paste(ImageChops.screen(ground, light), (left, top))


def _falloff(level: int) -> int:
    """Pillow's radial gradient reaches its box with 74 levels left; a light must end in nothing."""
    return max(0, level - 75) ** 2 * 255 // 180**2


def ridges(seed: int, colours: tuple[Colour, Colour, Colour]) -> Image.Image:
    """Ranges behind ranges, paler with distance, a low light and mist between them."""
    size = width, height = 1024, 768
    near, far, sky = colours
    picture = _gradient(size, _mixed(near, far, 0.45), far, sky, sky)
    _shine(picture, (690, 330), 300, _mixed(sky, (255, 255, 255), 0.4))
    ImageDraw.Draw(picture).ellipse((646, 286, 734, 374), fill=_mixed(sky, (255, 255, 255), 0.7))
    source = random.Random(seed)  # noqa: S311 - a picture, not a key
    mist = _clouds(size, seed)
    for layer in range(6):
        nearness = (layer + 1) / 6
        waves = [
            (source.uniform(1, 3) * 1.9**i, source.uniform(0, 6.28), 70 * nearness / 1.8**i) for i in range(6)
        ]
        base = 330 + 70 * layer
        crest = [
            (x, round(base + sum(a * math.sin(f * x / width * 6.28 + p) for f, p, a in waves)))
            for x in range(0, width + 4, 4)
        ]
        shape = Image.new("L", size)
        ImageDraw.Draw(shape).polygon([(0, height), *crest, (width, height)], fill=255)
        shape = shape.filter(ImageFilter.GaussianBlur(1))
        slope = ImageOps.colorize(
            mist, _mixed(far, near, nearness), _mixed(sky, near, 0.25 + 0.65 * nearness)
        )
        picture.paste(slope, (0, 0), shape)
    return picture


def lanterns() -> Image.Image:
    """Lights of many sizes over dark water that gives them back."""
    size = width, height = 768, 960
    shore = round(height * 0.62)
    picture = _gradient(size, (8, 8, 24), (34, 18, 52), (70, 34, 50), (12, 10, 26), (6, 6, 16))
    source = random.Random(11)  # noqa: S311 - a picture, not a key
    for number in range(44):
        depth = number / 43
        radius = round(7 + 34 * depth * depth)
        x, y = source.randrange(width), round(shore * (0.1 + 0.84 * source.random() ** 0.8))
        colour = _mixed((255, 112, 36), (255, 208, 140), source.random())
        _shine(picture, (x, y), radius * 5, _mixed((0, 0, 0), colour, 0.5))
        lamp = Image.new("RGB", (radius * 2 + 16, round(radius * 2.5) + 16))
        shape = (8, 8, lamp.width - 8, lamp.height - 8)
        ImageDraw.Draw(lamp).ellipse(shape, fill=_mixed((0, 0, 0), colour, 0.8))
        _add(picture, (x, y), lamp.filter(ImageFilter.GaussianBlur(1 + 2 * depth)))
        _shine(picture, (x, shore + round((shore - y) * 0.58)), radius * 3, _mixed((0, 0, 0), colour, 0.4))
    water = picture.crop((0, shore, width, height)).filter(ImageFilter.BoxBlur((9, 1)))
    picture.paste(
        ImageChops.multiply(water, _gradient(water.size, (170, 160, 190), (120, 120, 160))), (0, shore)
    )
    ripple = ImageOps.colorize(_clouds(size, 12), (0, 0, 0), (36, 26, 44))
    return ImageChops.screen(picture, ripple)


def agate() -> Image.Image:
    """Bands of colour along the contours of a random field."""
    size = 896, 768
    field = _clouds(size, 5, octaves=4).filter(ImageFilter.GaussianBlur(3))
    bands = field.point([round(127 + 127 * math.sin(level / 255 * 40)) for level in range(256)])
    warm = ImageOps.colorize(bands, (84, 30, 22), (250, 226, 190), mid=(206, 112, 58))
    cool = ImageOps.colorize(field, (34, 44, 74), (255, 244, 224), mid=(176, 92, 70))
    return Image.blend(warm, cool, 0.35)


def aurora() -> Image.Image:
    """Curtains of light over a lake that mirrors them."""
    size = width, height = 1024, 768
    horizon = 520
    picture = _gradient(size, (4, 8, 26), (8, 26, 48), (14, 52, 66))
    source = random.Random(3)  # noqa: S311 - a picture, not a key
    draw = ImageDraw.Draw(picture)
    for _ in range(260):
        x, y, light = source.randrange(width), source.randrange(horizon), source.randrange(90, 255)
        draw.point((x, y), fill=(light, light, min(255, light + 20)))
    for curtain in range(5):
        veil = Image.new("RGB", size)
        strokes = ImageDraw.Draw(veil)
        phase, colour = source.uniform(0, 6.28), _mixed((60, 230, 150), (150, 90, 220), curtain / 5)
        for x in range(width):
            foot = (
                360 - 42 * curtain + round(60 * math.sin(x / 170 + phase) + 24 * math.sin(x / 61 + 2 * phase))
            )
            strength = 0.30 + 0.25 * math.sin(x / 23 + phase) * math.sin(x / 97 + curtain)
            strokes.line((x, foot - 190, x, foot), fill=_mixed((0, 0, 0), colour, max(0.0, strength)))
        picture = ImageChops.screen(picture, veil.filter(ImageFilter.GaussianBlur(14)))
    water = ImageOps.flip(picture.crop((0, 2 * horizon - height, width, horizon)))
    water = ImageChops.multiply(water, Image.new("RGB", water.size, (120, 140, 160)))
    picture.paste(water.filter(ImageFilter.GaussianBlur(3)), (0, horizon))
    shore = [
        (x, horizon - round(14 + 12 * math.sin(x / 53) + 8 * math.sin(x / 19)))
        for x in range(0, width + 4, 4)
    ]
    ImageDraw.Draw(picture).polygon([(0, horizon + 4), *shore, (width, horizon + 4)], fill=(3, 6, 14))
    return picture
