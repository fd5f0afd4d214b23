/* Labels that do not overlap: every candidate place of a label is a box in pixels, its cost what it would
 * cover; the cheapest is taken, and all labels are placed again a few times, each given the others, from
 * several orders. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_parts.h"

enum { STARTS = 16, ROUNDS = 3, LABEL_GAP = 5 };
static const double LEADER_FROM = 26; /* a label farther than this from its mark gets a leader line */
static const double FORBIDDEN = 1e9;

/* --- geometry ------------------------------------------------------------------------------------------ */

struct quad quad_segment(struct spot a, struct spot b)
{
    return (struct quad){{a, b, b, a}};
}

struct quad quad_box(struct spot centre, double width, double height, double radians)
{
    static const double sx[] = {-0.5, 0.5, 0.5, -0.5}, sy[] = {-0.5, -0.5, 0.5, 0.5};
    struct quad q;
    for (int i = 0; i < 4; i++) {
        double x = sx[i] * width, y = sy[i] * height;
        q.p[i].x = centre.x + x * cos(radians) - y * sin(radians);
        q.p[i].y = centre.y + x * sin(radians) + y * cos(radians);
    }
    return q;
}

/* True where a line along one edge of a has all of a and all of b on different sides. */
static bool separated(const struct quad *a, const struct quad *b)
{
    for (int i = 0; i < 4; i++) {
        struct spot from = a->p[i], to = a->p[(i + 1) % 4];
        double nx = to.y - from.y, ny = from.x - to.x, low[2] = {INFINITY, INFINITY},
               high[2] = {-INFINITY, -INFINITY};
        if (hypot(nx, ny) < 1e-9)
            continue;
        for (int j = 0; j < 8; j++) {
            const struct spot *p = j < 4 ? &a->p[j] : &b->p[j - 4];
            double at = p->x * nx + p->y * ny;
            low[j / 4] = fmin(low[j / 4], at);
            high[j / 4] = fmax(high[j / 4], at);
        }
        if (high[0] <= low[1] || high[1] <= low[0])
            return true;
    }
    return false;
}

bool quads_touch(const struct quad *a, const struct quad *b)
{
    return !separated(a, b) && !separated(b, a);
}

/* Convex and counter-clockwise or clockwise; a point on the edge is inside. */
static bool quad_holds(const struct quad *q, struct spot s)
{
    int left = 0, right = 0;
    for (int i = 0; i < 4; i++) {
        struct spot a = q->p[i], b = q->p[(i + 1) % 4];
        double cross = (b.x - a.x) * (s.y - a.y) - (b.y - a.y) * (s.x - a.x);
        left += cross > 1e-9;
        right += cross < -1e-9;
    }
    return !left || !right;
}

static bool quad_inside(const struct quad *inner, const struct quad *outer)
{
    for (int i = 0; i < 4; i++)
        if (!quad_holds(outer, inner->p[i]))
            return false;
    return true;
}

/* --- lists --------------------------------------------------------------------------------------------- */

void obstacle_add(struct chart *c, struct quad q, double weight)
{
    c->obstacles = need_more(c->obstacles, (size_t)(c->obstacle_count + 1) * sizeof *c->obstacles);
    c->obstacles[c->obstacle_count++] = (struct obstacle){q, weight};
}

struct label *label_add(struct chart *c, enum place place, const char *first, const char *second,
                        const char *third)
{
    const char *lines[LABEL_LINES] = {first, second, third};
    c->labels = need_more(c->labels, (size_t)(c->label_count + 1) * sizeof *c->labels);
    struct label *l = &c->labels[c->label_count++];
    memset(l, 0, sizeof *l);
    l->place = place;
    l->size = NORMAL;
    l->colour = INK;
    l->clearance = 14;
    double room = (c->panel.right - c->panel.left) * 0.9;
    for (int i = 0; i < LABEL_LINES; i++)
        l->lines[i] = lines[i] ? shown_text(lines[i], room, SMALL) : NULL;
    return l;
}

static double line_size(const struct label *l, int line)
{
    return line == 0 || l->size < SMALL ? l->size : SMALL;
}

static double label_width(const struct label *l)
{
    double width = 0;
    for (int i = 0; i < LABEL_LINES; i++)
        if (l->lines[i])
            width = fmax(width, text_width(l->lines[i], line_size(l, i), l->bold && i == 0));
    return width;
}

static double label_height(const struct label *l)
{
    double height = 0;
    for (int i = 0; i < LABEL_LINES; i++)
        height += l->lines[i] ? 1.25 * line_size(l, i) : 0;
    return height;
}

/* --- placing ------------------------------------------------------------------------------------------- */

/* Where a leader would start: the spot of the box's outline that is nearest to the mark. */
static struct spot nearest_of_box(const struct label *l, const struct quad *box)
{
    struct spot s = {fmin(fmax(l->a.x, box->p[0].x), box->p[2].x),
                     fmin(fmax(l->a.y, box->p[0].y), box->p[2].y)};
    return s;
}

static bool leader_of(const struct label *l, const struct quad *box, struct quad *leader)
{
    if (l->place != PLACE_NEAR)
        return false;
    struct spot from = nearest_of_box(l, box);
    double dx = l->a.x - from.x, dy = l->a.y - from.y, far = hypot(dx, dy);
    if (far - l->clearance < LEADER_FROM)
        return false;
    struct spot to = {l->a.x - dx / far * (l->clearance + 2), l->a.y - dy / far * (l->clearance + 2)};
    from = (struct spot){from.x + 3 * dx / far, from.y + 3 * dy / far};
    *leader = quad_segment(from, to);
    return true;
}

/* What a box at this place would cover. */
static double cover_cost(const struct chart *c, const struct label *l, const struct quad *box, bool *covers)
{
    const struct panel *p = &c->panel;
    struct quad leader, page = {{{p->left + 4, p->bottom + 4},
                                 {p->right - 4, p->bottom + 4},
                                 {p->right - 4, p->top - 4},
                                 {p->left + 4, p->top - 4}}};
    bool leads = leader_of(l, box, &leader);
    double cost = leads ? 10 : 0;
    *covers = false;
    if (!quad_inside(box, &page))
        return FORBIDDEN;
    for (int i = 0; i < c->label_count; i++) {
        const struct label *other = &c->labels[i];
        struct quad theirs;
        if (other == l || !other->placed)
            continue;
        if (quads_touch(box, &other->box))
            return FORBIDDEN;
        if (leads && quads_touch(&leader, &other->box))
            cost += 60;
        if (leader_of(other, &other->box, &theirs))
            cost += (quads_touch(box, &theirs) ? 60 : 0) + (leads && quads_touch(&leader, &theirs) ? 60 : 0);
    }
    for (int i = 0; i < c->obstacle_count; i++) {
        if (quads_touch(box, &c->obstacles[i].quad)) {
            cost += c->obstacles[i].weight;
            *covers = true;
        }
        if (leads && quads_touch(&leader, &c->obstacles[i].quad))
            cost += 0.4 * c->obstacles[i].weight;
    }
    return cost;
}

/* The cheapest place found so far for one label. */
struct search {
    const struct chart *chart;
    struct label *label;
    double width, height, best;
    struct quad box;
    double radians;
    bool covers;
};

static void try_place(struct search *s, struct spot centre, double radians, double cost)
{
    bool covers;
    struct quad box = quad_box(centre, s->width + 2 * LABEL_GAP, s->height + LABEL_GAP, radians);
    if (cost >= s->best)
        return;
    if (s->label->place == PLACE_WITHIN && !quad_inside(&box, &s->label->region))
        return;
    cost += cover_cost(s->chart, s->label, &box, &covers);
    if (cost >= s->best || (covers && s->label->optional))
        return;
    s->best = cost;
    s->box = box;
    s->radians = radians;
    s->covers = covers;
}

/* Rings of boxes around the mark; to the right and above reads best. */
static void search_near(struct search *s)
{
    static const double gaps[] = {0, 8, 18, 34, 55, 80, 110, 150, 200, 260, 330, 420};
    const struct label *l = s->label;
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (int i = 0; i < 36; i++) {
            double turn = i * M_PI / 18, ux = cos(turn), uy = sin(turn), far = l->clearance + gaps[g];
            double taste = 1.5 * (1 - ux) + 0.8 * (1 - uy) + 2 * fabs(ux * uy);
            struct spot at = {l->a.x + ux * (far + s->width / 2 + LABEL_GAP),
                              l->a.y + uy * (far + s->height / 2 + LABEL_GAP)};
            try_place(s, at, 0, taste + 0.12 * gaps[g]);
        }
}

static void search_along(struct search *s)
{
    struct label *l = s->label;
    double dx = l->b.x - l->a.x, dy = l->b.y - l->a.y, length = hypot(dx, dy);
    if (length < s->width + 24) { /* a text may begin before its line does */
        double more = (s->width + 24) / fmax(length, 1);
        l->a = (struct spot){l->b.x - dx * more, l->b.y - dy * more};
        dx *= more;
        dy *= more;
        length *= more;
    }
    double radians =
        round(atan2(dy, dx) * 180 / M_PI) * M_PI / 180; /* gnuplot turns texts by whole degrees */
    double off = s->height / 2 + LABEL_GAP + 3;
    for (int side = 1; side >= -1; side -= 2)
        for (int i = 0; i <= 40; i++) {
            double t = (s->width / 2 + (length - s->width) * i / 40) / length;
            struct spot at = {l->a.x + t * dx - side * off * dy / length,
                              l->a.y + t * dy + side * off * dx / length};
            try_place(s, at, radians, (side < 0 ? 3 : 0) + 6 * fabs(t - 0.5));
        }
}

/* A grid over the whole panel; the nearer to the middle of the region, or to the mark, the better. */
static void search_grid(struct search *s, struct spot middle)
{
    const struct panel *p = &s->chart->panel;
    for (double x = p->left; x < p->right; x += 16)
        for (double y = p->bottom; y < p->top; y += 14) {
            struct spot at = {x, y};
            try_place(s, at, 0, 0.03 * hypot(x - middle.x, y - middle.y));
        }
}

static void place_one(struct chart *c, struct label *l)
{
    struct search s = {
        .chart = c, .label = l, .width = label_width(l), .height = label_height(l), .best = FORBIDDEN};
    struct spot middle = l->a;
    l->placed = false;
    if (l->place == PLACE_WITHIN) {
        middle.x = (l->region.p[0].x + l->region.p[1].x + l->region.p[2].x + l->region.p[3].x) / 4;
        middle.y = (l->region.p[0].y + l->region.p[1].y + l->region.p[2].y + l->region.p[3].y) / 4;
        search_grid(&s, middle);
    } else if (l->place == PLACE_NEAR) {
        search_near(&s);
    } else {
        search_along(&s);
    }
    if (s.best >= FORBIDDEN && l->place == PLACE_NEAR && !l->optional)
        search_grid(&s, middle);
    l->placed = s.best < FORBIDDEN;
    l->box = s.box;
    l->radians = s.radians;
    l->covers = s.covers;
    l->cost = s.best;
}

/* Marks first, because their texts must stay near them; a line has many places for its own. Labels of one
 * kind come in the order given. Returns what it costs. */
static double place_all(struct chart *c, const int *order)
{
    static const enum place kinds[] = {PLACE_NEAR, PLACE_ALONG, PLACE_WITHIN};
    double cost = 0;
    for (int i = 0; i < c->label_count; i++)
        c->labels[i].placed = false;
    for (int round = 0; round < ROUNDS; round++)
        for (int kind = 0; kind < 3; kind++)
            for (int i = 0; i < c->label_count; i++)
                if (c->labels[order[i]].place == kinds[kind])
                    place_one(c, &c->labels[order[i]]);
    for (int i = 0; i < c->label_count; i++)
        cost += c->labels[i].placed ? c->labels[i].cost : c->labels[i].optional ? 100 : 10000;
    return cost;
}

/* The next of a fixed row of orders: the same chart is always shuffled in the same way. */
static void shuffle(int *order, int n, unsigned *state)
{
    for (int i = n - 1; i > 0; i--) {
        *state = *state * 1664525u + 1013904223u;
        int j = (int)((*state >> 8) % (unsigned)(i + 1)), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

int labels_place(struct chart *c)
{
    int left_out = 0, *order = need((size_t)(c->label_count + 1) * sizeof *order);
    struct label *best = need((size_t)(c->label_count + 1) * sizeof *best);
    double best_cost = INFINITY;
    unsigned state = 1;
    for (int i = 0; i < c->label_count; i++)
        order[i] = i;
    for (int start = 0; start < STARTS; start++) {
        double cost = place_all(c, order);
        if (c->label_count > 0 && cost < best_cost)
            memcpy(best, c->labels, (size_t)c->label_count * sizeof *best);
        best_cost = fmin(cost, best_cost);
        shuffle(order, c->label_count, &state);
    }
    for (int i = 0; i < c->label_count; i++) {
        c->labels[i] = best[i];
        left_out += !best[i].placed && !best[i].optional;
    }
    free(order);
    free(best);
    return left_out;
}

/* --- emitting ------------------------------------------------------------------------------------------ */

/* What cannot be avoided is dimmed: a translucent white patch behind the text. */
static void emit_patch(struct chart *c, const struct quad *q)
{
    text_add(&c->gp, "set object polygon from");
    for (int i = 0; i < 5; i++)
        text_add(&c->gp, "%s screen %.5f,%.5f", i ? " to" : "", q->p[i % 4].x / c->width,
                 q->p[i % 4].y / c->height);
    text_add(&c->gp, " front fc rgb '#FFFFFF' fs transparent solid 0.75 noborder\n");
}

static void emit_label(struct chart *c, struct label *l)
{
    struct quad leader;
    struct spot centre = {(l->box.p[0].x + l->box.p[2].x) / 2, (l->box.p[0].y + l->box.p[2].y) / 2};
    double up = label_height(l) / 2;
    if (l->covers)
        emit_patch(c, &l->box);
    if (leader_of(l, &l->box, &leader))
        chart_arrow(c, leader.p[0], leader.p[1], "nohead lw 1 lc rgb '" GREY "' front", 0);
    for (int i = 0; i < LABEL_LINES; i++) {
        if (!l->lines[i])
            continue;
        up -= 0.625 * line_size(l, i);
        struct spot at = {centre.x - up * sin(l->radians), centre.y + up * cos(l->radians)};
        chart_text(c, at, "center", l->lines[i], (int)line_size(l, i), l->bold && i == 0, l->colour,
                   (int)lround(l->radians * 180 / M_PI));
        up -= 0.625 * line_size(l, i);
    }
}

void labels_emit(struct chart *c)
{
    for (int i = 0; i < c->label_count; i++) {
        if (c->labels[i].placed)
            emit_label(c, &c->labels[i]);
        for (int j = 0; j < LABEL_LINES; j++)
            free(c->labels[i].lines[j]);
    }
    c->label_count = 0;
}
