"""Names of the API: what version 0.1 had is there, or warned for one release before it went."""

import warnings

import pytest

from safelight import api

OF_0_1 = """
Angle Box Cancelled Colour Curve Curves Declaration FROM_LINEAR Format FormatError
FormatKind Fraction HexColour Icc Image Job Latent Lattice Layer Lut Mask Matrix Mix Number
PROJECT Palette Parameter ParameterError Photograph Picture Pixels Point Prepare Prepared
Reach Rectangle Region Registered RegisteredFormat Seed Settings SignedFraction Source Stage
TO_LINEAR Table TableError ToneRange Transfer Tray Unfit Unless VERSION Value between chosen
cube_stages curve_samples drawn exporter exporters filter filters from_linear generator
hookimpl hookspec icc_bytes importer importers registered registered_format selector
to_linear tone
"""


@pytest.mark.parametrize("name", OF_0_1.split())
def test_a_name_of_0_1_is_there_without_a_warning_or_goes_with_one(name):
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert getattr(api, name) is not None
    assert bool(heard) is (name in api.GOING)
    assert name in api.__all__ or name in api.GOING


def test_a_name_that_goes_says_so_where_it_is_used(monkeypatch):
    monkeypatch.setitem(api.GOING, "OldName", (7, "use NewName"))
    with pytest.warns(DeprecationWarning, match=r"api\.OldName goes with the next .*: use NewName"):
        assert api.OldName == 7
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = api.Nothing
