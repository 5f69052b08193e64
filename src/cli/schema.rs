//! `duban schema`: the JSON Schemas by which editors complete, explain and check the YAML files.

use super::Common;
use crate::schema::Kind;
use crate::text::{Lang, want};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// 打印各类 YAML 文件的 JSON Schema，供编辑器补全、悬停说明和检查 [JSON Schemas for editors]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 种类：policy、vocabulary、directory、rosters、calendar、config、rule-test；不写则列出种类 [kind of file; default: list them]
    kind: Option<String>,
    /// 全部写进这个目录，一类一个文件 [write all of them into this folder]
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    out: Option<PathBuf>,
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    let done = match (&args.kind, &args.out) {
        (Some(kind), _) => match Kind::WORDS.iter().find(|(word, _)| word == kind) {
            Some((_, kind)) => io::stdout().lock().write_all(printed(*kind).as_bytes()),
            None => return unknown(common.lang, kind),
        },
        (None, Some(folder)) => write_all(folder),
        (None, None) => list(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            super::tell(common.lang, &error, None);
            ExitCode::from(2)
        }
    }
}

fn printed(kind: Kind) -> String {
    format!("{:#}\n", kind.schema())
}

fn list() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (word, kind) in Kind::WORDS {
        let (title, files) = kind.title();
        writeln!(out, "{word:<12}{}{files}", super::columns::padded(title, 12))?;
    }
    Ok(())
}

fn write_all(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (word, kind) in Kind::WORDS {
        std::fs::write(folder.join(format!("{word}.json")), printed(kind))?;
    }
    Ok(())
}

fn unknown(lang: Lang, kind: &str) -> ExitCode {
    let hint = want::instead(kind, Kind::WORDS.map(|(word, _)| word));
    match lang {
        Lang::Zh => eprintln!("错误：没有“{}”这一类文件；{}", want::shortened(kind), hint.zh),
        Lang::En => eprintln!("error: there is no kind of file `{}`; {}", want::shortened(kind), hint.en),
    }
    ExitCode::from(2)
}
