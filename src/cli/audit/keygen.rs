//! `duban audit keygen`: a new Ed25519 key, the private half in a file that nobody else reads.

use super::{Common, Failure};
use crate::store::ledger::keys::SigningKey;
use crate::text::Lang;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 私钥写到哪里，已有的文件不会覆盖 [where the private half is written; no file is overwritten]
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(common: &Common, args: &Args) -> Result<ExitCode, Failure> {
    let pem = SigningKey::generate();
    let public = SigningKey::parse(&pem)?.public().pem();
    let failed = |source| Failure::File { path: args.out.clone(), source };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.out);
    file.and_then(|mut file| file.write_all(pem.expose().as_bytes()).and_then(|()| file.sync_all())).map_err(failed)?;
    print!("{public}");
    eprintln!(
        "{}",
        match common.lang {
            Lang::Zh => "私钥已写好。上面是公钥，请另存一份，交给核验的人；核验时用 --key。",
            Lang::En =>
                "the private half is written; above is the public half: give it to those who verify, with --key.",
        }
    );
    Ok(ExitCode::SUCCESS)
}
