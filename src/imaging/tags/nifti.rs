//! The fields of a NIfTI-1 header, under the names of the standard's header file.

use std::fmt::Display;

use nifti::NiftiHeader;

use super::Tags;
use crate::imaging::error::Refusal;
use crate::imaging::nifti::unzipped_start;

/// Every field, in the order of the file.
pub(super) fn read(start: &[u8]) -> Result<Tags, Refusal> {
    let unzipped = match start.starts_with(b"\x1F\x8B") {
        true => unzipped_start(start),
        false => None,
    };
    let header = NiftiHeader::from_reader(unzipped.as_deref().unwrap_or(start))
        .map_err(|error| Refusal::damaged(format!("this is a broken NIfTI-1 header ({error})")))?;
    Ok(fields(&header))
}

fn fields(h: &NiftiHeader) -> Tags {
    let mut tags = Tags::default();
    tags.field("sizeof_hdr", "i32", h.sizeof_hdr);
    tags.field("data_type", "text", text(&h.data_type));
    tags.field("db_name", "text", text(&h.db_name));
    tags.field("extents", "i32", h.extents);
    tags.field("session_error", "i16", h.session_error);
    tags.field("regular", "u8", h.regular);
    tags.field("dim_info", "u8", h.dim_info);
    tags.field("dim", "i16", list(&h.dim));
    tags.field("intent_p1", "f32", h.intent_p1);
    tags.field("intent_p2", "f32", h.intent_p2);
    tags.field("intent_p3", "f32", h.intent_p3);
    tags.field("intent_code", "i16", h.intent_code);
    tags.field("datatype", "i16", h.datatype);
    tags.field("bitpix", "i16", h.bitpix);
    tags.field("slice_start", "i16", h.slice_start);
    tags.field("pixdim", "f32", list(&h.pixdim));
    tags.field("vox_offset", "f32", h.vox_offset);
    tags.field("scl_slope", "f32", h.scl_slope);
    tags.field("scl_inter", "f32", h.scl_inter);
    tags.field("slice_end", "i16", h.slice_end);
    tags.field("slice_code", "u8", h.slice_code);
    tags.field("xyzt_units", "u8", h.xyzt_units);
    tags.field("cal_max", "f32", h.cal_max);
    tags.field("cal_min", "f32", h.cal_min);
    tags.field("slice_duration", "f32", h.slice_duration);
    tags.field("toffset", "f32", h.toffset);
    tags.field("glmax", "i32", h.glmax);
    tags.field("glmin", "i32", h.glmin);
    tags.field("descrip", "text", text(&h.descrip));
    tags.field("aux_file", "text", text(&h.aux_file));
    tags.field("qform_code", "i16", h.qform_code);
    tags.field("sform_code", "i16", h.sform_code);
    tags.field("quatern_b", "f32", h.quatern_b);
    tags.field("quatern_c", "f32", h.quatern_c);
    tags.field("quatern_d", "f32", h.quatern_d);
    tags.field("qoffset_x", "f32", h.quatern_x);
    tags.field("qoffset_y", "f32", h.quatern_y);
    tags.field("qoffset_z", "f32", h.quatern_z);
    tags.field("srow_x", "f32", list(&h.srow_x));
    tags.field("srow_y", "f32", list(&h.srow_y));
    tags.field("srow_z", "f32", list(&h.srow_z));
    tags.field("intent_name", "text", text(&h.intent_name));
    tags.field("magic", "text", text(&h.magic));
    tags.field("byte order", "", format!("{:?}", h.endianness));
    tags
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn list<T: Display>(numbers: &[T]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
