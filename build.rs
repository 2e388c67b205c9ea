//! Writes the place of libtorch into the binary, so that it runs from any folder with an empty
//! environment. Only a direct dependant of torch-sys is told the place, which is why it is one.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") else {
        return;
    };
    let origin = match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => "@executable_path",
        _ => "$ORIGIN",
    };
    // The folder beside the program comes first: a packaged program brings its libraries along.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}/lib:{lib}");
}
