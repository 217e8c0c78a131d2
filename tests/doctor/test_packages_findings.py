"""Findings on Python and the packages."""

import pytest
from support.findings import findings_of, said

from vae_tui.doctor import package_findings
from vae_tui.doctor.package_findings import Packages, read_packages


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("8.2.8", ">=8.2,<9", True),
        ("9.0", ">=8.2,<9", False),
        ("8.2", ">=8.2,<9", True),
        ("8.1.9", ">=8.2", False),
        ("2.15.0+cpu", "==2.15.0", True),
        ("2.15", "==2.15.0", True),
        ("2.10.0", ">=2.7", True),
        ("built-by-hand", ">=2.7", True),
        ("2.16.0.dev20261101+cu132", ">=2.7", True),
    ],
)
def test_an_installed_version_outside_its_bounds_is_a_problem(version, bounds, fits):
    installed = {**dict.fromkeys(package_findings.REQUIRED, "5.0"), "rich": version}
    packages = Packages(python="3.12.0", installed=installed, bounds={"rich": bounds})
    levels = {level for level, _, _ in findings_of(package_findings.package_findings(packages))}
    assert levels == ({"ok"} if fits else {"ok", "problem"})


def test_what_is_installed_here_fits():
    found = list(package_findings.package_findings(read_packages()))
    assert {level for level, about, _ in findings_of(found) if about == "packages"} == {"ok"}


def test_packages_that_lack_or_do_not_fit_come_with_the_line_that_installs_them():
    installed = dict.fromkeys(package_findings.REQUIRED, "5.0")
    del installed["textual"], installed["torchvision"]
    found = findings_of(
        package_findings.package_findings(
            Packages(
                python="3.10.4", installed=installed, bounds={"textual": ">=8.2,<9", "rich": ">=14"}
            )
        )
    )
    wrong = {words for level, _, words in found if level != "ok"}
    assert wrong == {
        "3.10.4; 3.11 is required\npython3.11 -m venv .venv",
        "textual is not installed\npip install 'textual>=8.2,<9'",
        "rich 5.0 is not >=14\npip install 'rich>=14'",
        "torchvision is not installed\npip install 'torchvision'",
    }


@pytest.mark.parametrize(
    ("torch", "vision", "built_for", "words"),
    [
        ("2.15.0", "0.29.2", "==2.14.0", "torchvision was built for torch==2.14.0, not 2.15.0"),
        ("2.15.0+cpu", "0.29.2", "==2.15.0", "torchvision was built for CUDA, torch was not"),
    ],
)
def test_a_torchvision_that_is_not_torchs_is_reported(torch, vision, built_for, words):
    installed = {
        **dict.fromkeys(package_findings.REQUIRED, "5"),
        "torch": torch,
        "torchvision": vision,
    }
    found = Packages(
        python="3.12.0", installed=installed, bounds={}, torch_of_torchvision=built_for
    )
    level, text = said(package_findings.package_findings(found), "torchvision")
    assert level == "note" and words in text and "pip install" in text


def test_every_requirement_of_the_program_is_checked():
    assert set(read_packages().bounds) == set(package_findings.REQUIRED)
