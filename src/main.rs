//! The program.

fn main() -> std::process::ExitCode {
    mrimaster::cli::run()
}
