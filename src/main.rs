//! The `duban` binary: see [`duban::cli`].

fn main() -> std::process::ExitCode {
    duban::cli::main()
}
