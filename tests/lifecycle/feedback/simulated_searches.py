"""Searches of people who look at ranks as the position-based model says, and click what they find relevant."""

import datetime

import numpy as np

from idiolect.lifecycle.feedback.events import Action, Hit, Impression, Seen

START = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.UTC)


def moment(seconds):
    return (START + datetime.timedelta(seconds=float(seconds))).isoformat()


def searched(number, query, shown, *done, user="u1", session="", after=None, chunked=False, teams=()):
    """An impression that lists documents, and what was done: (kind, rank) or (kind, rank, seconds)."""
    start = 3600.0 * number if after is None else after
    name = f"imp{number}"
    hits = [
        Hit(
            rank=rank,
            document=document,
            chunk=f"{document}#0" if chunked else "",
            team=teams[rank - 1] if teams else "",
        )
        for rank, document in enumerate(shown, 1)
    ]
    actions = [
        Action(
            impression=name,
            time=moment(start + 5 * step),
            kind=kind,
            rank=rank,
            seconds=more[0] if more else 0.0,
            user=user,
        )
        for step, (kind, rank, *more) in enumerate(done, 1)
    ]
    impression = Impression(
        id=name, time=moment(start), query=query, hits=hits, user=user, session=session, consent=True
    )
    return Seen(impression=impression, actions=actions)


def shown(rng, theta, queries=120, impressions=30, users=150, shuffled=True):
    """Columns of pair, rank, clicked, query, user; two rankings a query where they are shuffled, else one."""
    depth = len(theta)
    gamma = np.where(rng.random((queries, depth)) < 0.35, rng.uniform(0.3, 0.9, (queries, depth)), 0.1)
    gamma = -np.sort(-gamma, axis=1)  # good rankings: what is relevant mostly stands above
    noise = rng.normal(0, 2.0 if shuffled else 0.0, (2, queries, depth))
    orders = np.argsort(np.arange(depth) + noise, axis=-1)
    query = np.repeat(np.arange(queries), impressions)
    items = orders[rng.integers(2, size=len(query)), query]
    clicked = rng.random(items.shape) < theta * gamma[query[:, None], items]
    user = rng.integers(users, size=len(query))
    rank = np.broadcast_to(np.arange(1, depth + 1), items.shape)
    columns = query[:, None] * depth + items, rank, clicked, query[:, None], user[:, None]
    return [np.broadcast_to(column, items.shape).ravel() for column in columns]
