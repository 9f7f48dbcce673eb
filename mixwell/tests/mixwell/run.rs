//! Runs the tool.

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// The tool with empty standard input and both outputs captured.
pub(crate) fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mixwell"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("CLICOLOR_FORCE").env_remove("MIXWELL_EPOCH_SECONDS");
    command
}

/// The tool's exit status and output.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("the tool was ended by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the tool to completion.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    tool(arguments).output().unwrap().into()
}

/// Runs the tool with this standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Ran {
    let mut child = tool(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // the tool may stop reading early
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

/// Runs the tool and expects success without any message on standard error. Returns the output.
pub(crate) fn succeed(arguments: &[&str]) -> String {
    let ran = run(arguments);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
    ran.stdout
}

/// Runs the tool and expects failure with an error message, which is returned.
pub(crate) fn fail(arguments: &[&str]) -> String {
    let ran = run(arguments);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{arguments:?}");
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.ends_with('\n'), "{:?}", ran.stderr);
    ran.stderr
}

/// The `--scheme` value for a geometry's scheme.
pub(crate) fn scheme_value(nike_name: &str, kem_name: &str) -> String {
    match (nike_name, kem_name) {
        (nike, "") => nike.to_lowercase(),
        ("", "x25519" | "x448") => format!("{kem_name}-kem"),
        ("", kem) => kem.to_lowercase(),
        both => panic!("two schemes: {both:?}"),
    }
}

/// Every value of `--scheme`.
pub(crate) const SCHEMES: [&str; 8] =
    ["x25519", "x448", "x25519-kem", "x448-kem", "mlkem768", "xwing", "mlkem768-x25519", "mlkem768-x448"];
