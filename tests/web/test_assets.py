"""The sprite holds the icons that the pages show, and nothing else."""

import pytest

from web.assets import AssetError, python_icons, sprite, template_icons, template_words, used_icons

EVERY = (
    '<svg><symbol class="bi" viewBox="0 0 16 16" id="lock"><path d="M1 1"/></symbol>'
    '<symbol class="bi" viewBox="0 0 16 16" id="lock-fill"><path d="M2 2"/></symbol></svg>'
)


@pytest.mark.parametrize(
    ("template", "icons"),
    [
        ("{{ icon('lock') }}", {"lock"}),
        ('{{ icon("lock", size=20) }}', {"lock"}),
        ("{{ icon('lock' if kind == 'contract' else 'lock-fill') }}", {"lock", "lock-fill"}),
        ("{{ icon(ICONS['contract']) }}", set()),
        ("{% call notice(icon='lock') %}", {"lock"}),
        ("{{ post(url, icon_name='lock') }}", {"lock"}),
        ("{{ lexicon('lock') }}", set()),
    ],
)
def test_icons_of_a_template_are_found(template, icons):
    assert template_icons(template) == icons


@pytest.mark.parametrize(
    ("module", "icons"),
    [
        ('ICONS = {"active": "lock", "ended": "lock-fill"}', {"lock", "lock-fill"}),
        ('ICONS: frozenset[str] = frozenset({"lock"})', {"lock"}),
        ('Entry("home", icon="lock")', {"lock"}),
        ('icons = ["lock"]', set()),
    ],
)
def test_icons_named_as_data_are_found(module, icons):
    assert python_icons(module) == icons


def test_the_sprite_holds_what_is_used_and_nothing_else():
    built = sprite({"lock"}, EVERY)
    assert 'id="lock"' in built
    assert 'id="lock-fill"' not in built


def test_an_icon_handed_to_a_macro_is_in_the_sprite():
    words = template_words("{{ head(403, _('You may not do this'), 'lock', 'bad') }}<p class='x'>")
    assert words == {"lock", "bad"}
    assert 'id="lock"' in sprite(set(), EVERY, perhaps=words)


def test_an_unknown_icon_is_an_error():
    with pytest.raises(AssetError, match="padlock"):
        sprite({"padlock"}, EVERY)


def test_every_icon_of_the_pages_exists():
    assert all(used_icons())
