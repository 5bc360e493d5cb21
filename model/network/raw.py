# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW: a causal transformer over the fixes of a track (arXiv 2311.10471), in one file.

1. `Raw.encode` turns the features of fixes (core/features/featurizer.py) into states, one a fix.
2. `Raw.predict` answers queries such as 'where is it in 90 s?' from the state of the last fix.
3. `mixture` reads that answer as a mixture of heavy-tailed components, in the frame of the last fix
   (x along the heading) and in units of the query's scale. The first component is 'the track
   stays'. For days, candidate places (core/forecasting/candidates.py) are components too.
4. `nll` is the loss of a mixture, `spatial_median` the point that it predicts.

The network predicts corrections to a baseline, damped constant velocity. With its output layer at
zero, as it starts, it is the baseline.

Shapes: B sequences, T fixes in each, P fixes before them whose keys and values are kept, D width, H
heads of d = D / H, K candidate places, C components of a mixture; … stands for any leading
dimensions.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.network.config import Config
from raw_qgis_plugin.core.forecasting.mixture import STAY_LOGIT, TAIL


class Settings:
    """Constants of all networks, whatever their size."""

    # of the head that scores candidates; narrow, since there are many of them
    candidate_width: int = 64
    # shortest and longest of the rotary positions, in fixes and in seconds
    index_periods: tuple[float, float] = (4.0, 2_000.0)
    seconds_periods: tuple[float, float] = (30.0, 14 * 86_400.0)
    # of the components of an untrained network, in query scales
    start_scales: tuple[float, float] = (1 / 30, 1.0)
    # of 'stays' and of candidates in an untrained network, in query scales
    stay_scale: float = 0.1


class Norm(nn.RMSNorm):
    """RMSNorm whose weight takes the type of the activations, for the fused kernel of autocast."""

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, D) to the same."""
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), 1e-6)


def rotate(x: Tensor, angle: Tensor) -> Tensor:
    """Rotary positions: turn the pairs of x (B, H, T, d) by angle (B, 1, T, d / 2)."""
    # (B, H, T, d / 2) each
    a, b = x.chunk(2, dim=-1)

    cos = angle.cos().to(x.dtype)
    sin = angle.sin().to(x.dtype)

    first = a * cos - b * sin
    second = a * sin + b * cos

    return torch.cat([first, second], dim=-1)


class Attention(nn.Module):
    """Causal self-attention with normalised queries and keys."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads = c.heads
        self.dim = c.width // c.heads

        self.qkv = nn.Linear(c.width, 3 * c.width, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)
        self.norm_q = Norm(self.dim)
        self.norm_k = Norm(self.dim)

    def forward(
        self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, T, D). angle: (B, 1, T, d / 2). past: keys and values (B, H, P, d) each.

        mask: (B, 1, T, P + T), bool or added to the scores; None for causal.
        Returns (B, T, D), and keys and values (B, H, P + T, d).
        """
        # (B, T, D) each
        q, k, v = self.qkv(x).chunk(3, dim=-1)

        # (B, H, T, d)
        q = self.split(q)
        k = self.split(k)
        v = self.split(v)
        q = rotate(self.norm_q(q), angle)
        k = rotate(self.norm_k(k), angle)

        if past is not None:
            # (B, H, P + T, d)
            k = torch.cat([past[0], k], dim=2)
            v = torch.cat([past[1], v], dim=2)
        if self.training and x.device.type == "cpu":  # the fused kernel's backward pass is slow
            y = self.attend_unfused(q, k, v, mask)
        else:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)

        # (B, T, D)
        y = y.transpose(1, 2).reshape(x.shape)
        return self.out(y), k, v

    def split(self, x: Tensor) -> Tensor:
        """(B, T, D) to heads, (B, H, T, d)."""
        return x.unflatten(-1, (self.heads, self.dim)).transpose(1, 2)

    def attend_unfused(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """The attention (B, H, T, d) of q, k and v (B, H, T, d), step by step."""
        t = q.shape[2]
        hidden = torch.ones(t, t, dtype=torch.bool).triu(1) if mask is None else ~mask
        # (B, H, T, T)
        scores = q @ k.transpose(-1, -2)
        scores = scores * self.dim**-0.5
        scores = scores.masked_fill(hidden, -1e4)

        return scores.softmax(dim=-1) @ v


class Layer(nn.Module):
    """A decoder layer: attention and a SwiGLU network, each after RMSNorm and with a residual."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.norm1 = Norm(c.width)
        self.attention = Attention(c)

        self.norm2 = Norm(c.width)
        self.up = nn.Linear(c.width, 2 * c.hidden, bias=False)
        self.down = nn.Linear(c.hidden, c.width, bias=False)

    def forward(
        self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, T, D) to the same, with the layer's keys and values; as in `Attention`."""
        y, k, v = self.attention(self.norm1(x), angle, mask, past)
        x = x + y

        # (B, T, hidden) each
        gate, up = self.up(self.norm2(x)).chunk(2, dim=-1)
        x = x + self.down(F.silu(gate) * up)

        return x, k, v


class Raw(nn.Module):
    """The network: `encode` turns fixes into states, `predict` answers queries from them."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config = c
        wide = 2 * c.width
        narrow = Settings.candidate_width
        self.encoder = two_layers(c.features, wide, c.width)

        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = Norm(c.width)

        # from a state and a query to the parameters of a forecast
        self.head_state = nn.Linear(c.width, c.width)
        self.head_query = two_layers(c.query, c.width, c.width)
        self.head_mix = nn.Sequential(nn.SiLU(), nn.Linear(c.width, wide), nn.SiLU())
        self.head_out = nn.Linear(wide, c.parameters_out)

        # from a query and a candidate place to its log scale and logit
        self.candidate_in = nn.Linear(c.candidate, narrow)
        self.candidate_asked = nn.Sequential(nn.SiLU(), nn.Linear(c.width, narrow))
        self.candidate_out = nn.Sequential(nn.SiLU(), *two_layers(narrow, narrow, 2))

        # half of the pairs turn with the number of fixes, half with elapsed seconds
        pairs = c.width // c.heads // 4
        by_index = frequencies(*Settings.index_periods, pairs)
        by_seconds = frequencies(*Settings.seconds_periods, pairs)
        self.register_buffer("by_index", by_index, persistent=False)
        self.register_buffer("by_seconds", by_seconds, persistent=False)

        self.apply(self._init_weights)
        self._start_at_the_baseline()

    def _init_weights(self, m: nn.Module) -> None:
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=1 / math.sqrt(m.in_features))
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        if isinstance(m, Layer):  # applied after the layer's own Linears
            for out in (m.attention.out, m.down):
                std = 0.5 / math.sqrt(out.in_features * self.config.layers)
                nn.init.normal_(out.weight, std=std)

    @torch.no_grad()
    def _start_at_the_baseline(self) -> None:
        """Centre every component on the baseline, with scales from narrow to the query's own."""
        low, high = Settings.start_scales
        nn.init.zeros_(self.head_out.weight)
        nn.init.zeros_(self.head_out.bias)

        self.head_out.bias[2] = math.log(Settings.stay_scale)
        components = self.head_out.bias[4:].view(-1, 4)
        components[:, 2] = torch.linspace(math.log(low), math.log(high), len(components))

        scorer = self.candidate_out[-1]
        nn.init.zeros_(scorer.weight)
        nn.init.zeros_(scorer.bias)
        scorer.bias[0] = math.log(Settings.stay_scale)

    def encode(
        self, x: Tensor, clock: Tensor, mask: Tensor | None = None, past: tuple | None = None
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """States of fixes x (B, T, features) at clock (B, T) seconds since the first one.

        mask: (B, 1, T, P + T), True where a fix attends to another, None for causal.
        past: keys and values (layers, B, H, P, d).
        Returns states (B, T, D), and keys and values, each a list of (B, H, P + T, d), one a layer.
        """
        p = 0 if past is None else past[0].shape[3]
        angle = self.angles(clock, p)
        # (B, T, D)
        h = self.encoder(x)

        keys = []
        values = []

        for n, layer in enumerate(self.layers):
            before = None if past is None else (past[0][n], past[1][n])
            h, k, v = layer(h, angle, mask, before)
            keys.append(k)
            values.append(v)

        return self.norm(h), keys, values

    def angles(self, clock: Tensor, p: int) -> Tensor:
        """Rotary angles (B, 1, T, d / 2) of fixes at clock (B, T) seconds, after p fixes."""
        b, t = clock.shape
        index = torch.arange(t + p, device=clock.device, dtype=torch.float32)[p:]
        # (T, d / 4)
        by_index = index[:, None] * self.by_index
        # (B, T, d / 4)
        by_seconds = clock.float()[..., None] * self.by_seconds
        angle = torch.cat([by_index.expand(b, t, -1), by_seconds], dim=-1)

        return angle[:, None]

    def predict(
        self, states: Tensor, query: Tensor, candidate: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Forecast parameters (…, parameters_out) for queries (…, query) to states (…, D).

        For candidate places (…, K, candidate) also the log scale and logit of each, (…, K, 2).
        """
        # (…, D)
        h = self.head_state(states) + self.head_query(query)
        parameters = self.head_out(self.head_mix(h))
        if candidate is None:
            return parameters, None

        # (…, 1, narrow)
        asked = self.candidate_asked(h)[..., None, :]
        scores = self.candidate_out(self.candidate_in(candidate) + asked)
        return parameters, scores


def two_layers(width_in: int, hidden: int, width_out: int) -> nn.Sequential:
    """Two linear layers with a SiLU between them."""
    return nn.Sequential(nn.Linear(width_in, hidden), nn.SiLU(), nn.Linear(hidden, width_out))


def frequencies(shortest: float, longest: float, pairs: int) -> Tensor:
    """Radians a unit (pairs,) of rotary positions whose periods grow from shortest to longest."""
    low = math.log10(shortest)
    high = math.log10(longest)
    periods = torch.logspace(low, high, pairs, dtype=torch.float64)

    return (2 * math.pi / periods).float()


class Mixture(NamedTuple):
    """Where tracks may be, in the frame of the last fix and in units of the query's scale.

    Bivariate Student t components: centre (…, C, 2), log_scale and log_weight (…, C). The first
    component is 'stays'.
    """

    centre: Tensor
    log_scale: Tensor
    log_weight: Tensor


def mixture(
    p: Tensor, base: Tensor, candidates: tuple[Tensor, Tensor, Tensor] | None = None
) -> Mixture:
    """The mixture of parameters p (…, parameters_out) about the baseline's forecast (…, 2).

    p: a point (2), log scale and logit of staying, and (x, y, log scale, logit) of every other
    component. candidates: their log scales and logits (…, K, 2), places (…, K, 2), and which of
    them exist, (…, K) bool.
    """
    p = p.float()
    # (…, components - 1, 4)
    rest = p[..., 4:].unflatten(-1, (-1, 4))

    base = base[..., None, :]
    stays = torch.zeros_like(base)
    goes = base + rest[..., :2]
    centre = torch.cat([stays, goes], dim=-2)
    log_scale = torch.cat([p[..., 2:3], rest[..., 2]], dim=-1)

    stay_logit = p[..., 3:4]
    logit = rest[..., 3]

    if candidates is not None:
        options, place, exists = candidates
        options = options.float()
        centre = torch.cat([centre, place], dim=-2)
        log_scale = torch.cat([log_scale, options[..., 0]], dim=-1)
        stay_logit = stay_logit + STAY_LOGIT
        scored = options[..., 1].masked_fill(~exists, -1e4)
        logit = torch.cat([logit, scored], dim=-1)

    logit = torch.cat([stay_logit, logit], dim=-1)
    return Mixture(centre, log_scale.clamp(-8.0, 6.0), F.log_softmax(logit, -1))


def log_density(centre: Tensor, log_scale: Tensor, point: Tensor) -> Tensor:
    """Log density (…, C) at points (…, 2) of bivariate Student t components.

    centre: (…, C, 2). log_scale: (…, C).
    """
    # (…, C)
    square = square_distance(point, centre) * torch.exp(-2 * log_scale)
    tail = (TAIL / 2 + 1) * torch.log1p(square / TAIL)
    return -2 * log_scale - tail - math.log(2 * math.pi)


def square_distance(point: Tensor, centre: Tensor) -> Tensor:
    """Squared distances (…, C) of a point (…, 2) to centres (…, C, 2)."""
    apart = point[..., None, :] - centre
    return apart.square().sum(-1)


def nll(m: Mixture, target: Tensor) -> Tensor:
    """Negative log likelihood (…) of the true positions, target (…, 2)."""
    # (…, C)
    density = log_density(m.centre, m.log_scale, target)
    return -torch.logsumexp(m.log_weight + density, dim=-1)


def spatial_median(m: Mixture, starts: int = 6) -> Tensor:
    """The point (…, 2) of least expected distance, by Weiszfeld's algorithm.

    The squared scales smooth it. It starts from the best of the mean and the `starts` heaviest
    centres. The last two steps have a gradient.
    """
    # (…, C)
    weight = m.log_weight.exp()
    smooth = torch.exp(2 * m.log_scale) + 1e-6

    def step(x: Tensor) -> Tensor:
        # (…, C)
        away = (square_distance(x, m.centre) + smooth).sqrt()
        pull = weight / away
        pulled = (pull[..., None] * m.centre).sum(-2)
        return pulled / pull.sum(-1, keepdim=True)

    with torch.no_grad():
        x = best_start(m.centre, weight, smooth, starts)
        for _ in range(4):
            x = step(x)

    return step(step(x))


def best_start(centre: Tensor, weight: Tensor, smooth: Tensor, starts: int) -> Tensor:
    """The point (…, 2) of least expected distance among the mean and the heaviest centres."""
    # (…, 1, 2)
    mean = (weight[..., None] * centre).sum(-2, keepdim=True)
    count = min(starts, weight.shape[-1])
    # (…, starts)
    heavy = weight.topk(count, dim=-1).indices
    heavy = heavy[..., None].expand(*heavy.shape, 2)
    # (…, starts + 1, 2)
    start = torch.cat([mean, centre.gather(-2, heavy)], dim=-2)

    # (…, starts + 1, C)
    square = square_distance(start, centre[..., None, :, :])
    away = (square + smooth[..., None, :]).sqrt()
    expected = (away * weight[..., None, :]).sum(-1)
    # (…), of starts + 1
    best = expected.argmin(-1)
    number = best[..., None, None].expand(*best.shape, 1, 2)

    return start.gather(-2, number).squeeze(-2)
