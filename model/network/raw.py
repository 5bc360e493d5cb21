# SPDX-License-Identifier: GPL-2.0-or-later
"""RAW: a causal transformer over the fixes of a track (arXiv 2311.10471), from its features to a
forecast, in one file.

1. `Raw.encode` turns the features of fixes (core/features/featurizer.py) into states, one a fix.
2. `Raw.predict` answers queries such as 'where is this track in 90 s?' from the state of the last
fix.
3. `mixture` reads that answer as a mixture of heavy-tailed components, in the frame of the last fix
(x along the
   heading) and in units of the query's scale. The first component is 'the track stays'. For days,
   candidate places (core/forecasting/candidates.py) are components too.
4. `nll` is the loss of a mixture, `spatial_median` the point that it predicts.

The network predicts corrections to a baseline, damped constant velocity. With its output layer at
zero, as it starts, it is the baseline.

The preset raw-paper is the network as published, to compare with: a fix is a place in a box,
positions are learned, time is no input, and `head_out` predicts the next place.

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


class Norm(nn.RMSNorm):
    """RMSNorm with its weight in the type of the activations, so that the fused kernel runs under
    autocast.
    """

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, D) to the same."""
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), 1e-6)


def rotate(x: Tensor, angle: Tensor) -> Tensor:
    """Rotary positions: turn the pairs of x (B, H, T, d) by angle (B, 1, T, d / 2)."""
    a, b = x.chunk(2, dim=-1)  # (B, H, T, d / 2) each
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Attention(nn.Module):
    """Causal self-attention with normalised queries and keys."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads, self.dim = c.heads, c.width // c.heads
        self.qkv = nn.Linear(c.width, 3 * c.width, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)
        self.norm_q, self.norm_k = Norm(self.dim), Norm(self.dim)

    def forward(
        self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None
    ) -> tuple:
        """x: (B, T, D). angle: (B, 1, T, d / 2). mask: (B, 1, T, P + T), bool or added to the
        scores; None for causal. past: keys and values (B, H, P, d) each.

        Returns (B, T, D), and keys and values (B, H, P + T, d).
        """
        b, t, _ = x.shape
        q, k, v = (
            y.view(b, t, self.heads, self.dim).transpose(1, 2) for y in self.qkv(x).chunk(3, dim=-1)
        )
        q, k = rotate(self.norm_q(q), angle), rotate(self.norm_k(k), angle)  # (B, H, T, d)
        if past is not None:
            # (B, H, P + T, d)
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        # the fused kernel's backward pass is slow there
        if self.training and x.device.type == "cpu":
            hidden = torch.ones(t, t, dtype=torch.bool).triu(1) if mask is None else ~mask
            # (B, H, T, P + T)
            scores = (q @ k.transpose(-1, -2) * self.dim**-0.5).masked_fill(hidden, -1e4)
            y = scores.softmax(dim=-1) @ v
        else:
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.out(y.transpose(1, 2).reshape(b, t, self.heads * self.dim)), k, v


class Layer(nn.Module):
    """A decoder layer: attention and a SwiGLU feed-forward network, each after RMSNorm and with a
    residual.
    """

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.norm1, self.attention = Norm(c.width), Attention(c)
        self.norm2 = Norm(c.width)
        self.up = nn.Linear(c.width, 2 * c.hidden, bias=False)
        self.down = nn.Linear(c.hidden, c.width, bias=False)

    def forward(
        self, x: Tensor, angle: Tensor, mask: Tensor | None, past: tuple[Tensor, Tensor] | None
    ) -> tuple:
        """x: (B, T, D) to the same, with the layer's keys and values; arguments as in `Attention`."""
        y, k, v = self.attention(self.norm1(x), angle, mask, past)
        x = x + y
        gate, up = self.up(self.norm2(x)).chunk(2, dim=-1)  # (B, T, hidden) each
        return x + self.down(F.silu(gate) * up), k, v


class Raw(nn.Module):
    """The network: `encode` turns fixes into states, `predict` turns states and queries into
    forecast parameters.
    """

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config = c
        self.encoder = nn.Sequential(
            nn.Linear(c.features, 2 * c.width), nn.SiLU(), nn.Linear(2 * c.width, c.width)
        )
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = Norm(c.width)
        if c.positions:  # as published
            self.positions, self.head_out = (
                nn.Embedding(c.positions, c.width),
                nn.Linear(c.width, 2),
            )
            nn.init.normal_(self.positions.weight, std=0.02)
            nn.init.zeros_(self.head_out.weight)
            return
        self.head_state = nn.Linear(c.width, c.width)
        self.head_query = nn.Sequential(
            nn.Linear(c.query, c.width), nn.SiLU(), nn.Linear(c.width, c.width)
        )
        self.head_mix = nn.Sequential(nn.SiLU(), nn.Linear(c.width, 2 * c.width), nn.SiLU())
        self.head_out = nn.Linear(2 * c.width, c.parameters_out)
        narrow = 64  # width of the head that scores candidates: there are many of them
        self.candidate_in = nn.Linear(c.candidate, narrow)
        self.candidate_asked = nn.Sequential(nn.SiLU(), nn.Linear(c.width, narrow))
        self.candidate_out = nn.Sequential(
            nn.SiLU(), nn.Linear(narrow, narrow), nn.SiLU(), nn.Linear(narrow, 2)
        )
        # half of the pairs turn with the number of fixes, half with elapsed seconds
        pairs = c.width // c.heads // 4
        for name, shortest, longest in (
            ("by_index", 4.0, 2_000.0),
            ("by_seconds", 30.0, 14 * 86_400.0),
        ):
            periods = torch.logspace(
                math.log10(shortest), math.log10(longest), pairs, dtype=torch.float64
            )
            self.register_buffer(name, (2 * math.pi / periods).float(), persistent=False)
        self.apply(self._init_weights)
        self._start_at_the_baseline()

    def _init_weights(self, m: nn.Module) -> None:
        if isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, std=1 / math.sqrt(m.in_features))
            if m.bias is not None:
                nn.init.zeros_(m.bias)
        if isinstance(m, Layer):  # applied after the layer's own Linears
            for out in (m.attention.out, m.down):
                nn.init.normal_(
                    out.weight, std=0.5 / math.sqrt(out.in_features * self.config.layers)
                )

    def _start_at_the_baseline(self) -> None:
        """Centre every component on the baseline, with scales from a thirtieth of the query's scale
        to all of it.
        """
        c = self.config
        bias = torch.zeros(c.parameters_out)
        bias[2] = math.log(0.1)  # of staying
        bias[4:].view(c.components - 1, 4)[:, 2] = torch.linspace(
            math.log(1 / 30), 0.0, c.components - 1
        )
        device = self.head_out.bias.device
        nn.init.zeros_(self.head_out.weight)
        self.head_out.bias.data.copy_(bias.to(device))
        nn.init.zeros_(self.candidate_out[-1].weight)
        self.candidate_out[-1].bias.data.copy_(torch.tensor([math.log(0.1), 0.0]).to(device))

    def encode(
        self, x: Tensor, clock: Tensor, mask: Tensor | None = None, past: tuple | None = None
    ) -> tuple:
        """States of fixes.

        x: (B, T, features). clock: (B, T) seconds since the sequence's first fix (as published: the
        fix's number in its sequence). mask: (B, 1, T, P + T), True where a fix attends to another,
        None for causal. past: keys and values (layers, B, H, P, d). Returns states (B, T, D), and
        keys and values, each a list of (B, H, P + T, d), one a layer.
        """
        h = self.encoder(x)  # (B, T, D)
        if self.config.positions:
            h = h + self.positions(clock.long())
            # no rotary positions
            angle = h.new_zeros(1, 1, 1, self.config.width // self.config.heads // 2)
        else:
            t, p = x.shape[1], 0 if past is None else past[0].shape[3]
            index = torch.arange(t + p, device=x.device, dtype=torch.float32)[p:]
            by_index = (index[:, None] * self.by_index).expand(x.shape[0], t, -1)  # (B, T, d / 4)
            # (B, 1, T, d/2)
            angle = torch.cat([by_index, clock.float()[..., None] * self.by_seconds], dim=-1)[
                :, None
            ]
        keys, values = [], []
        for n, layer in enumerate(self.layers):
            h, k, v = layer(h, angle, mask, None if past is None else (past[0][n], past[1][n]))
            keys.append(k)
            values.append(v)
        return self.norm(h), keys, values

    def predict(
        self, states: Tensor, query: Tensor, candidate: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Forecast parameters (…, parameters_out) for queries (…, query) to states (…, D); and,
        where there are candidate places (…, K, candidate), the log scale and logit of each, (…, K,
        2).
        """
        h = self.head_state(states) + self.head_query(query)  # (…, D)
        parameters = self.head_out(self.head_mix(h))
        if candidate is None:
            return parameters, None
        return parameters, self.candidate_out(
            self.candidate_in(candidate) + self.candidate_asked(h)[..., None, :]
        )


class Mixture(NamedTuple):
    """Where tracks may be, in the frame of the last fix and in units of the query's scale: centre
    (…, C, 2), log_scale and log_weight (…, C) of bivariate Student t components. The first
    component is 'stays'.
    """

    centre: Tensor
    log_scale: Tensor
    log_weight: Tensor


def mixture(
    p: Tensor, base: Tensor, candidates: tuple[Tensor, Tensor, Tensor] | None = None
) -> Mixture:
    """The mixture that parameters p (…, parameters_out) describe about the baseline's forecast base
    (…, 2).

    p: a point (2), log scale and logit of staying, and (x, y, log scale, logit) of every other
    component. candidates: their log scales and logits (…, K, 2), their places (…, K, 2), and which
    of them exist, (…, K) bool.
    """
    rest = p[..., 4:].float().unflatten(-1, (-1, 4))  # (…, components - 1, 4)
    centre = torch.cat(
        [torch.zeros_like(base)[..., None, :], base[..., None, :] + rest[..., :2]], dim=-2
    )
    log_scale = torch.cat([p[..., 2:3].float(), rest[..., 2]], dim=-1)
    logit = torch.cat([p[..., 3:4].float(), rest[..., 3]], dim=-1)
    if candidates is not None:
        options, place, exists = candidates
        centre = torch.cat([centre, place], dim=-2)
        log_scale = torch.cat([log_scale, options[..., 0].float()], dim=-1)
        scored = options[..., 1].float().masked_fill(~exists, -1e4)
        logit = torch.cat([logit[..., :1] + STAY_LOGIT, logit[..., 1:], scored], dim=-1)
    return Mixture(centre, log_scale.clamp(-8.0, 6.0), F.log_softmax(logit, -1))


def log_density(centre: Tensor, log_scale: Tensor, point: Tensor) -> Tensor:
    """Log density (…, C) at points (…, 2) of bivariate Student t components with centres (…, C, 2),
    scales (…, C).
    """
    square = (point[..., None, :] - centre).square().sum(-1) * torch.exp(-2 * log_scale)  # (…, C)
    return -2 * log_scale - (TAIL / 2 + 1) * torch.log1p(square / TAIL) - math.log(2 * math.pi)


def nll(m: Mixture, target: Tensor) -> Tensor:
    """Negative log likelihood (…) of the true positions, target (…, 2)."""
    return -torch.logsumexp(m.log_weight + log_density(m.centre, m.log_scale, target), dim=-1)


def spatial_median(m: Mixture, starts: int = 6) -> Tensor:
    """The point (…, 2) of least expected distance, by Weiszfeld's algorithm with the squared scales
    as smoothing.

    It starts from the best of the mean and the `starts` heaviest centres. The last two steps have a
    gradient.
    """
    weight, smooth = m.log_weight.exp(), torch.exp(2 * m.log_scale) + 1e-6  # (…, C)

    def step(x: Tensor) -> Tensor:
        pull = weight / ((x[..., None, :] - m.centre).square().sum(-1) + smooth).sqrt()  # (…, C)
        return (pull[..., None] * m.centre).sum(-2) / pull.sum(-1, keepdim=True)

    with torch.no_grad():
        heavy = (
            weight.topk(min(starts, weight.shape[-1]), dim=-1)
            .indices[..., None]
            .expand(*weight.shape[:-1], -1, 2)
        )
        start = torch.cat(
            [(weight[..., None] * m.centre).sum(-2, keepdim=True), m.centre.gather(-2, heavy)],
            dim=-2,
        )
        away = (start[..., :, None, :] - m.centre[..., None, :, :]).square().sum(-1) + smooth[
            ..., None, :
        ]
        best = (away.sqrt() * weight[..., None, :]).sum(-1).argmin(-1)  # (…), of starts + 1
        x = start.gather(-2, best[..., None, None].expand(*best.shape, 1, 2)).squeeze(-2)  # (…, 2)
        for _ in range(4):
            x = step(x)
    return step(step(x))
