//! Paints egui's triangles as its shaders do: premultiplied colours, blended as they are stored.

use std::collections::HashMap;

use egui::epaint::{ClippedPrimitive, ImageDelta, Primitive, Vertex};
use egui::{Color32, ColorImage, ImageData, Rect, TextureFilter, TextureId, pos2};
use image::RgbaImage;

/// Pixels, and the textures that are painted from.
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Color32>,
    textures: HashMap<TextureId, Texture>,
}

struct Texture {
    image: ColorImage,
    linear: bool,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        let pixels = vec![Color32::BLACK; width * height];
        Self { width, height, pixels, textures: HashMap::new() }
    }

    pub fn clear(&mut self) {
        self.pixels.fill(Color32::BLACK);
    }

    pub fn image(&self) -> RgbaImage {
        RgbaImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let [r, g, b, _] = self.pixels[y as usize * self.width + x as usize].to_array();
            image::Rgba([r, g, b, 255])
        })
    }

    /// Makes a texture, or changes a part of one.
    pub fn set_texture(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(patch) = &delta.image;
        let linear = delta.options.magnification == TextureFilter::Linear;
        match (delta.pos, self.textures.get_mut(&id)) {
            (Some([x, y]), Some(texture)) => {
                let width = texture.image.width();
                for (row, line) in patch.pixels.chunks_exact(patch.width().max(1)).enumerate() {
                    let start = (y + row) * width + x;
                    texture.image.pixels[start..start + line.len()].copy_from_slice(line);
                }
            }
            _ => {
                let image = ColorImage::clone(patch);
                self.textures.insert(id, Texture { image, linear });
            }
        }
    }

    pub fn free_texture(&mut self, id: TextureId) {
        self.textures.remove(&id);
    }

    /// Paints a mesh. Callbacks would need a graphics card; the window has none.
    pub fn draw(&mut self, primitive: &ClippedPrimitive, pixels_per_point: f32) {
        let Primitive::Mesh(mesh) = &primitive.primitive else { return };
        let Some(texture) = self.textures.get(&mesh.texture_id) else { return };
        let (width, height) = (self.width, self.height);
        let clip = primitive.clip_rect * pixels_per_point;
        let screen = Rect::from_min_max(pos2(0.0, 0.0), pos2(width as f32, height as f32));
        let clip = Rect::from_min_max(clip.min.round(), clip.max.round()).intersect(screen);
        if !clip.is_positive() {
            return;
        }
        for corners in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|i| {
                let vertex = mesh.vertices[corners[i] as usize];
                Vertex { pos: vertex.pos * pixels_per_point, ..vertex }
            });
            fill(&mut self.pixels, width, clip, texture, corners);
        }
    }
}

/// Fills a triangle. A pixel belongs to it if its centre does; centres on an edge that two
/// triangles share belong to one of them.
fn fill(pixels: &mut [Color32], width: usize, clip: Rect, texture: &Texture, mut t: [Vertex; 3]) {
    let area = cross(&t[0], &t[1], t[2].pos.x, t[2].pos.y);
    if area == 0.0 || !area.is_finite() {
        return;
    }
    if area < 0.0 {
        t.swap(1, 2);
    }
    let area = area.abs();
    let bounds = Rect::from_points(&t.map(|vertex| vertex.pos)).intersect(clip);
    if !bounds.is_positive() {
        return;
    }
    let flat = t[0].uv == t[1].uv && t[1].uv == t[2].uv;
    let flat_texel = flat.then(|| texture.sample(t[0].uv.x, t[0].uv.y));
    let colors = t.map(|vertex| vertex.color.to_array().map(f32::from));
    let owned = [(1, 2), (2, 0), (0, 1)].map(|(a, b)| owns_edge(&t[a], &t[b]));
    for y in (bounds.min.y as usize)..(bounds.max.y.ceil() as usize) {
        for x in (bounds.min.x as usize)..(bounds.max.x.ceil() as usize) {
            let (cx, cy) = (x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(pos2(cx, cy)) {
                continue;
            }
            let edges = [
                cross(&t[1], &t[2], cx, cy),
                cross(&t[2], &t[0], cx, cy),
                cross(&t[0], &t[1], cx, cy),
            ];
            if edges.iter().zip(owned).any(|(&e, owned)| e < 0.0 || (e == 0.0 && !owned)) {
                continue;
            }
            let [a, b, c] = edges.map(|edge| edge / area);
            let texel = flat_texel.unwrap_or_else(|| {
                let u = a * t[0].uv.x + b * t[1].uv.x + c * t[2].uv.x;
                let v = a * t[0].uv.y + b * t[1].uv.y + c * t[2].uv.y;
                texture.sample(u, v)
            });
            let source: [f32; 4] = std::array::from_fn(|i| {
                let color = a * colors[0][i] + b * colors[1][i] + c * colors[2][i];
                color * texel[i] / 255.0
            });
            let pixel = &mut pixels[y * width + x];
            let through = 1.0 - source[3] / 255.0;
            let [r, g, b, _] = pixel.to_array().map(f32::from);
            let mix = |source: f32, under: f32| (source + under * through + 0.5) as u8;
            *pixel = Color32::from_rgb(mix(source[0], r), mix(source[1], g), mix(source[2], b));
        }
    }
}

/// Twice the area of the triangle a, b, (x, y); positive where it turns clockwise on the screen.
/// Exactly the opposite of b, a, (x, y), so that no pixel between two triangles is lost.
fn cross(a: &Vertex, b: &Vertex, x: f32, y: f32) -> f32 {
    if (b.pos.x, b.pos.y) < (a.pos.x, a.pos.y) {
        return -cross(b, a, x, y);
    }
    (b.pos.x - a.pos.x) * (y - a.pos.y) - (b.pos.y - a.pos.y) * (x - a.pos.x)
}

/// The rule of graphics cards: the top and the left edges of a triangle are its own.
fn owns_edge(a: &Vertex, b: &Vertex) -> bool {
    let along = b.pos - a.pos;
    (along.y == 0.0 && along.x > 0.0) || along.y < 0.0
}

impl Texture {
    /// Red, green, blue and alpha, 0..=255, at a place from 0 to 1.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let [width, height] = self.image.size;
        let (x, y) = (u * width as f32 - 0.5, v * height as f32 - 0.5);
        let texel = |x: f32, y: f32| {
            let column = x.clamp(0.0, width as f32 - 1.0) as usize;
            let row = y.clamp(0.0, height as f32 - 1.0) as usize;
            self.image.pixels[row * width + column].to_array().map(f32::from)
        };
        if !self.linear {
            return texel(x.round(), y.round());
        }
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let mix = |a: [f32; 4], b: [f32; 4], t: f32| -> [f32; 4] {
            std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t)
        };
        let upper = mix(texel(left, top), texel(left + 1.0, top), fx);
        let lower = mix(texel(left, top + 1.0), texel(left + 1.0, top + 1.0), fx);
        mix(upper, lower, fy)
    }
}
