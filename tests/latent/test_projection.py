import numpy as np
import pytest

from vae_tui.latent.projection import aligned, on_dimensions, pca


@pytest.fixture(scope="module")
def tsne():
    """Return the module, which takes long to import, to the one worker that needs it."""
    from vae_tui.latent import tsne

    return tsne


def cloud(count: int = 300, d: int = 6, seed: int = 1) -> np.ndarray:
    """Return codes that vary by 6, 5, 4 ... along directions that are no axes."""
    random = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(random.standard_normal((d, d)))
    codes = random.standard_normal((count, d)) * np.arange(d, 0, -1) @ axes.T + 3
    return codes.astype(np.float32)


def turning(angle: float, mirrored: bool = False) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    return turn * np.array([1, -1]) if mirrored else turn


def test_the_plane_is_that_of_the_singular_value_decomposition():
    codes = cloud()
    found = pca(codes)
    centred = codes - codes.mean(0)
    _, sizes, directions = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.basis.T @ directions[:2].T), np.eye(2), atol=1e-4)
    assert found.share == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum())
    np.testing.assert_allclose(found.points, centred @ found.basis, atol=1e-4)
    np.testing.assert_allclose(found.basis.T @ found.basis, np.eye(2), atol=1e-6)


def test_a_point_and_its_code_are_each_others():
    found = pca(cloud())
    points = np.array([[0, 0], [3, -2]], np.float32)
    np.testing.assert_allclose(found.codes_at(points)[0], found.centre, atol=1e-6)
    np.testing.assert_allclose(
        (found.codes_at(points) - found.centre) @ found.basis, points, atol=1e-5
    )
    assert found.codes_at(points).dtype == found.points.dtype == np.float32


def test_of_codes_in_a_plane_nothing_is_lost():
    flat = pca(cloud())
    codes = flat.codes_at(flat.points)
    again = pca(codes)
    assert again.share == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(again.codes_at(again.points), codes, atol=1e-4)


def test_the_largest_entry_of_each_axis_is_positive_and_the_first_axis_varies_most():
    for seed in range(20):
        found = pca(cloud(seed=seed))
        largest = np.abs(found.basis).argmax(0)
        assert (found.basis[largest, [0, 1]] > 0).all()
        assert found.points[:, 0].var() > found.points[:, 1].var()


@pytest.mark.parametrize("flip", [*np.ndindex(2, 2)])
def test_mirrored_directions_give_the_same_axes_whatever_the_solver_returns(flip):
    codes = cloud()
    first = pca(codes)
    # The other solution: the same eigenvectors with other signs, as another solver returns them.
    _, _, rows = np.linalg.svd((codes - codes.mean(0)).astype(np.float64), full_matrices=False)
    other = rows[:2].T * np.where(flip, -1, 1)
    other *= np.sign(other[np.abs(other).argmax(0), [0, 1]])
    np.testing.assert_allclose(first.basis, other, atol=1e-4)


def test_a_projection_is_the_same_every_time():
    np.testing.assert_array_equal(pca(cloud()).points, pca(cloud()).points)


def test_one_latent_dimension_is_a_line():
    codes = np.linspace(-2, 2, 50, dtype=np.float32)[:, None]
    found = pca(codes)
    np.testing.assert_allclose(found.points[:, 0], codes[:, 0], atol=1e-6)
    assert not found.points[:, 1].any()
    assert found.share == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 40])
def test_codes_that_are_all_the_same_lie_in_the_middle(count):
    codes = np.full((count, 3), 2, np.float32)
    found = pca(codes)
    assert not found.points.any()
    assert found.share == 0
    np.testing.assert_array_equal(found.codes_at(found.points), codes)


def test_two_dimensions_show_the_codes_own_numbers():
    codes = cloud()
    found = on_dimensions(codes, 4, 1)
    np.testing.assert_allclose(found.points, codes[:, [4, 1]], atol=1e-5)
    code = found.codes_at(np.array([[0.5, -1]], np.float32))[0]
    expected = codes.mean(0)
    expected[[4, 1]] = 0.5, -1
    np.testing.assert_allclose(code, expected, atol=1e-5)


def test_aligning_a_rotated_copy_restores_it():
    points = cloud(50, 2)
    copy = (points - points.mean(0)) @ turning(1.1, mirrored=True) + 40
    np.testing.assert_allclose(aligned(copy, points), points, atol=1e-4)


def groups() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    labels = np.arange(120) % 3
    centres = 8 * np.eye(3, 7)
    return (centres[labels] + random.standard_normal((120, 7))).astype(np.float32), labels


def neighbours_agree(points: np.ndarray, labels: np.ndarray) -> float:
    distances = np.square(points[:, None] - points[None]).sum(2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argsort(1)[:, :10]] == labels[:, None]).mean())


def test_an_embedding_keeps_groups_together_and_is_the_same_every_time(tsne):
    codes, labels = groups()
    first = tsne.embed(codes)
    assert first.shape == (120, 2)
    assert first.dtype == np.float32
    assert neighbours_agree(first, labels) > 0.95
    np.testing.assert_array_equal(first, tsne.embed(codes))


def test_an_embedding_lies_as_the_map_of_pca_does(tsne):
    codes, _ = groups()
    start = pca(codes).points
    for state in tsne.embeddings(codes):
        points = state.points - state.points.mean(0)
        # The best rotation to match PCA is none: the polar factor of the overlap is the identity.
        left, _, right = np.linalg.svd(points.T @ start)
        np.testing.assert_allclose(left @ right, np.eye(2), atol=1e-3)


def test_an_embedding_started_from_the_last_one_stays_near_it(tsne):
    codes, labels = groups()
    before = tsne.embed(codes) @ turning(2.0)
    other = (codes + 0.05 * np.random.default_rng(1).standard_normal(codes.shape)).astype("f4")
    shown = [state.points for state in tsne.embeddings(other, before)]
    assert len(shown) == 2
    after = shown[-1]
    assert neighbours_agree(after, labels) > 0.95
    moved = np.median(np.linalg.norm(after - before, axis=1))
    jumped = np.median(np.linalg.norm(tsne.embed(other) - before, axis=1))
    assert moved < 0.5 * jumped


@pytest.mark.parametrize("start", [np.zeros((5, 2), "f4"), np.full((120, 2), np.nan, "f4")])
def test_a_start_that_does_not_fit_is_left_aside(tsne, start):
    codes, _ = groups()
    first = next(tsne.embeddings(codes, start)).points
    np.testing.assert_array_equal(first, next(tsne.embeddings(codes)).points)


@pytest.mark.parametrize("codes", [np.zeros((40, 3), "f4"), cloud(2), cloud(5), cloud(30, 1)])
def test_few_or_equal_codes_have_an_embedding(tsne, codes):
    points = tsne.embed(codes)
    assert points.shape == (len(codes), 2)
    assert np.isfinite(points).all()


def test_the_last_state_of_an_embedding_is_the_only_one_that_is_done(tsne):
    means = np.random.default_rng(4).normal(size=(12, 3)).astype(np.float32)
    states = list(tsne.embeddings(means, tsne.embed(means)))
    assert [state.is_done for state in states] == [False, True]
    assert [state.progress for state in states] == [0.5, 1.0]
    assert all(state.codes is means for state in states)
