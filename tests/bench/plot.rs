//! The plot: time against number of identities, both in powers of ten.

use std::fmt::Write as _;

use crate::limited::Limited;
use crate::naive::Naive;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
/// Left, right, top and bottom of what is inside the axes.
const INSIDE: [f64; 4] = [70.0, 690.0, 50.0, 380.0];

/// A line through points of identities and seconds.
struct Series {
    name: &'static str,
    color: &'static str,
    /// The pattern of its strokes; empty for a whole line.
    dashes: &'static str,
    points: Vec<(f64, f64)>,
}

/// Exponents of ten at both ends of an axis.
struct Axis {
    from: i32,
    to: i32,
}

impl Axis {
    /// The powers of ten around `values`, none of which is 0.
    fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(0.0, f64::max);
        let from = least.log10().floor() as i32;
        Self {
            from,
            to: (most.log10().ceil() as i32).max(from + 1),
        }
    }

    /// Where `value` lies between `start` and `end`.
    fn place(&self, value: f64, start: f64, end: f64) -> f64 {
        let share = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        start + share * (end - start)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.from..=self.to).map(|exponent| f64::powi(10.0, exponent))
    }
}

/// The plot as SVG. Only what was measured is drawn.
pub(crate) fn svg(refreshes: &[Limited], naive: &[Naive]) -> String {
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    let refreshes_by = |of: fn(&Limited) -> std::time::Duration| {
        let points = refreshes.iter();
        points
            .map(|run| (run.size as f64, seconds(of(run))))
            .collect()
    };
    let naive = naive.iter();
    draw(&[
        Series {
            name: "floor",
            color: "#777777",
            dashes: "5 4",
            points: refreshes_by(|run| run.floor),
        },
        Series {
            name: "this provider",
            color: "#1f6fb4",
            dashes: "",
            points: refreshes_by(|run| run.time),
        },
        Series {
            name: "one identity a Get, unpaced (client alone)",
            color: "#c4451c",
            dashes: "",
            points: naive
                .map(|run| (run.size as f64, seconds(run.time)))
                .collect(),
        },
    ])
}

fn draw(series: &[Series]) -> String {
    let points = series.iter().flat_map(|one| one.points.iter().copied());
    let across = Axis::around(points.clone().map(|(identities, _)| identities));
    let up = Axis::around(points.map(|(_, seconds)| seconds));
    let [left, right, top, bottom] = INSIDE;
    let x = |identities| across.place(identities, left, right);
    let y = |seconds| up.place(seconds, bottom, top);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>Time of a refresh against the number of identities</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    for identities in across.ticks() {
        let (x, below) = (x(identities), bottom + 20.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {top}V{bottom}\" stroke=\"#dddddd\"/>\
             <text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{identities}</text>"
        );
    }
    for seconds in up.ticks() {
        let (y, beside) = (y(seconds), left - 8.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#dddddd\"/>\
             <text x=\"{beside}\" y=\"{:.1}\" text-anchor=\"end\">{seconds} s</text>",
            y + 4.0
        );
    }
    for (number, one) in series.iter().enumerate() {
        let Series {
            name,
            color,
            dashes,
            points,
        } = one;
        let mut path = String::new();
        for (identities, seconds) in points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let (x, y) = (x(*identities), y(*seconds));
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\"/>"
            );
        }
        let line = format!("stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"");
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" {line}/>");
        // The legend stands above the axes.
        let from = left + [0.0, 110.0, 260.0].get(number).copied().unwrap_or_default();
        let _ = writeln!(
            svg,
            "<path d=\"M{from} 28H{}\" {line}/><text x=\"{}\" y=\"32\">{name}</text>",
            from + 28.0,
            from + 36.0
        );
    }
    let middle = (left + right) / 2.0;
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">identities</text>\n</svg>",
        bottom + 46.0
    );
    svg
}
