//! `mrimaster screenshots`: every screen as a picture, without a display, for people to look at.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::app::{Start, Studio};
use crate::review::figure::Figure;
use crate::state::review::Selection;
use crate::state::{Command, Room};
use crate::system::files::write_whole;
use crate::worker;

/// How long a picture waits for what it shows.
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The folder for the pictures
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The test set under review; the built-in demo set where none is named
    #[arg(long, value_name = "DIR")]
    review: Option<PathBuf>,
}

/// A size in points, and pixels for each point.
const SIZES: [(&str, [u32; 2], f32); 3] = [
    ("1280x720", [1280, 720], 1.0),
    ("1920x1080", [1920, 1080], 1.0),
    ("1280x720@2", [1280, 720], 2.0),
];

/// Draws each screen in each size and theme.
///
/// # Errors
/// A folder that cannot be written to, a screen that does not come to rest.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    for (size, [width, height], scale) in SIZES {
        for theme in ["dark", "light"] {
            // Reviews of a person are not touched, and none of them is in the pictures; nor is what
            // was said for the pictures before.
            let data = tempfile::tempdir().context("there is no room for temporary files")?;
            let pixels = [width, height].map(|side| (side as f32 * scale) as u32);
            let workers = Box::new(worker::start(data.path().to_owned(), || {}));
            let mut studio = Studio::new(Start::default(), workers, pixels, scale);
            if theme == "light" {
                studio.apply(Command::ToggleTheme);
            }
            let mut number = 0;
            screens(options, &mut studio, &mut |studio, name| {
                studio.settle(PATIENCE);
                let picture = studio.picture();
                number += 1;
                let file = options.folder.join(format!("{number:02}-{name}-{size}-{theme}.png"));
                ensure!(picture.settled, "{}: its screen did not come to rest", file.display());
                let mut png = std::io::Cursor::new(Vec::new());
                picture.image.write_to(&mut png, image::ImageFormat::Png)?;
                write_whole(&file, png.get_ref())
                    .with_context(|| format!("{}: it cannot be written", file.display()))?;
                println!("{}", file.display());
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Goes through the screens as a reader would, and has each taken.
fn screens(
    options: &Options,
    studio: &mut Studio,
    take: &mut dyn FnMut(&mut Studio, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    take(studio, "empty")?;
    studio.apply(Command::Enter(Room::Review));
    take(studio, "no-test-set")?;
    studio.apply(Command::Enter(Room::Reading));
    studio.apply(Command::OpenDemo);
    take(studio, "reading")?;
    studio.apply(Command::NextSeries);
    studio.apply(Command::TogglePlanes);
    take(studio, "planes")?;
    studio.apply(Command::TogglePlanes);
    studio.apply(Command::PreviousSeries);
    studio.apply(Command::FourPanes);
    take(studio, "panes")?;
    studio.apply(Command::OnePane);
    studio.apply(Command::ShowKeys);
    take(studio, "keys")?;
    studio.apply(Command::Show(None));
    studio.apply(match &options.review {
        None => Command::ReviewDemo,
        Some(folder) => Command::Review(worker::job::TestSource::Folder(folder.clone())),
    });
    take(studio, "review")?;
    for figure in Figure::ALL {
        studio.apply(Command::ShowFigure(figure));
        let name = figure.name().to_lowercase().replace(' ', "-");
        take(studio, &format!("figure-{name}"))?;
    }
    studio.apply(Command::ShowFigure(Figure::default()));
    let other = studio.state().session.checkpoints.ready().and_then(|found| found.last());
    if let Some(other) = other.map(|checkpoint| checkpoint.path.clone()) {
        studio.apply(Command::CompareWith(Some(other)));
        take(studio, "comparison")?;
        studio.apply(Command::Select(Selection::Disagreements));
        take(studio, "disagreements")?;
        studio.apply(Command::CompareWith(None));
    }
    let worst =
        studio.state().session.review.as_ref().map(|review| match review.matrix().wrong().cases {
            0 => Selection::All,
            _ => Selection::Wrong,
        });
    studio.apply(Command::Select(worst.unwrap_or_default()));
    let first = studio.state().session.review.as_ref().and_then(|review| {
        let first = *review.listed().first()?;
        Some(review.cases()[first].path.clone())
    });
    if let Some(case) = first {
        studio.apply(Command::OpenCase(case));
        take(studio, "case")?;
        studio.apply(Command::ExplainTruth);
        studio.apply(Command::Unsure);
        studio.apply(Command::Comment("to be read again".into()));
        take(studio, "case-true-class")?;
        studio.apply(Command::Enter(Room::Review));
        take(studio, "reviewed")?;
    }
    Ok(())
}
