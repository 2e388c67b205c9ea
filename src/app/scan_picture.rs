//! Pictures of the scan for others: drawn on a thread of their own, written as PNG or put on the
//! clipboard.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::{ColorImage, Context};
use image::RgbImage;

use crate::state::{Level, State};
use crate::system::caught::caught;
use crate::system::files::write_whole;
use crate::ui::ScanPicture;

/// What every picture file says of itself.
const SAID: &str = "MRIMaster, not for diagnostic use";

/// The pictures that are being made.
pub(super) struct Pictures {
    sender: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
}

type Outcome = Result<Made, String>;

/// Where a picture is now.
enum Made {
    File(PathBuf),
    /// On the way to the clipboard.
    Copy(ColorImage),
}

/// Where a picture is to go.
#[derive(Clone)]
pub(super) enum Goal {
    File(PathBuf),
    Clipboard,
}

impl Default for Pictures {
    fn default() -> Self {
        let (sender, outcomes) = channel();
        Self { sender, outcomes }
    }
}

impl Pictures {
    /// Has the scan that is shown drawn; a sentence for people where none is.
    pub fn make(&self, ctx: &Context, state: &State, goal: Goal) -> Result<(), String> {
        let picture = ScanPicture::of(state, ctx).ok_or(
            "There is no scan to make a picture of yet: open one, or wait for its pixels.",
        )?;
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        let work = move || {
            let made = caught(|| picture.draw());
            let made = made.map_err(|panic| format!("the picture could not be drawn ({panic})"));
            // The window may be gone by now.
            _ = sender.send(made.and_then(|image| hand_over(&image, goal)));
            ctx.request_repaint();
        };
        let thread = std::thread::Builder::new().name("picture".into()).spawn(work);
        thread.map(|_| ()).map_err(|error| format!("The picture cannot be made now ({error})."))
    }

    /// Takes in what was made: puts it on the clipboard, and says that it is there.
    pub fn receive(&self, ctx: &Context, state: &mut State) {
        for outcome in self.outcomes.try_iter() {
            match outcome {
                Ok(Made::File(path)) => {
                    state.say(Level::Info, format!("{} was written.", path.display()));
                }
                Ok(Made::Copy(image)) => {
                    ctx.copy_image(image);
                    state.say(Level::Info, "The picture is on the clipboard.");
                }
                Err(message) => state.say(Level::Error, message),
            }
        }
    }
}

fn hand_over(image: &RgbImage, goal: Goal) -> Outcome {
    match goal {
        Goal::Clipboard => {
            let size = [image.width() as usize, image.height() as usize];
            Ok(Made::Copy(ColorImage::from_rgb(size, image.as_raw())))
        }
        Goal::File(path) => {
            let path = named_png(path);
            write(&path, image).map(|()| Made::File(path))
        }
    }
}

/// The path with the ending of a PNG file, if it has none.
fn named_png(path: PathBuf) -> PathBuf {
    if path.extension().is_some() { path } else { path.with_extension("png") }
}

fn write(path: &Path, image: &RgbImage) -> Result<(), String> {
    let failed = |error: &dyn std::error::Error| {
        let path = path.display();
        format!("{path}: it cannot be written ({error}); make room or choose another folder")
    };
    let bytes = png(image).map_err(|error| failed(&error))?;
    write_whole(path, &bytes).map_err(|error| failed(&error))
}

/// The picture as a PNG file that says what it is and nothing else.
fn png(image: &RgbImage) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk("Comment".to_owned(), SAID.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image.as_raw())?;
    writer.finish()?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_that_it_is_not_for_diagnosis_and_holds_the_pixels() {
        let image = RgbImage::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 9]));
        let bytes = png(&image).expect("encoded");
        let decoder = png::Decoder::new(Cursor::new(&bytes));
        let reader = decoder.read_info().expect("a PNG file");
        let texts = &reader.info().uncompressed_latin1_text;
        assert_eq!(texts.len(), 1);
        assert_eq!(texts[0].text, SAID);
        assert_eq!(image::load_from_memory(&bytes).expect("decoded").into_rgb8(), image);
    }

    #[test]
    fn a_name_without_an_ending_gets_one() {
        assert_eq!(named_png("a/b".into()), PathBuf::from("a/b.png"));
        assert_eq!(named_png("a/b.PNG".into()), PathBuf::from("a/b.PNG"));
    }
}
