//! The program as an operator runs it.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// What a run of the program did.
pub struct Run {
    pub exit: i32,
    pub output: String,
    pub errors: String,
}

impl Run {
    /// Its output, a JSON value a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the program in the repository's folder, with an input, to its end.
pub fn duban(arguments: &[&str], input: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duban"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // The output is read meanwhile: both pipes hold less than a large input and its answers. A program that ends early,
    // as one refusing its arguments does, need not have read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { exit: output.status.code().unwrap(), output: text(output.stdout), errors: text(output.stderr) }
}
