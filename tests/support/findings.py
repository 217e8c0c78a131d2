"""What the doctor found, in a form that is easy to compare."""


def findings_of(findings):
    """Return (level, about, text and fixes in one) of each finding."""
    return [(it.level, it.about, "\n".join((it.text, *it.fix))) for it in findings]


def said(findings, about):
    """Return level and words of the only finding about a thing."""
    (found,) = [(level, words) for level, name, words in findings_of(findings) if name == about]
    return found
