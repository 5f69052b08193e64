//! `duban test`: the rule tests, and how much of the rules they make fire.

mod junit;
mod shown;

use super::Common;
use crate::policy::files::Loaded;
use crate::policy::model::Policy;
use crate::ruletest::TestFile;
use crate::ruletest::fired::{Fired, Share};
use crate::ruletest::judge::{Judge, Judged};
use crate::ruletest::read::{World, read_file};
use crate::symbol::Symbol;
use crate::text::problem::Problems;
use crate::text::yaml;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// 运行规则测试，列出不符之处和没有被触发过的规则 [run the rule tests]
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// 测试文件或目录，默认为规则目录下的 tests [test files or folders; default: tests in the rules directory]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[allow(clippy::doc_markdown)] // it is what users read
    /// 另写一份 JUnit XML，供持续集成系统读取 [write JUnit XML, too]
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// 以何种形式 [in which form]
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// 供人阅读 [for people]
    Human,
    /// 一个 JSON 对象 [one JSON object]
    Json,
}

/// Rule tests could not be told of.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error("failed to write `{path}`")]
    WriteJunit { path: PathBuf, source: io::Error },
    #[error("failed to write what came of the tests")]
    Write(#[source] io::Error),
}

/// What came of a run.
struct Run {
    /// Each file's cases.
    judged: Vec<Judged>,
    /// What is wrong with the files themselves.
    problems: Problems,
    /// How much of the tested policies has fired.
    share: Share,
    /// The policies whose share it is.
    policies: Vec<Arc<Policy>>,
}

pub(crate) fn run(common: &Common, args: &Args) -> ExitCode {
    let (rules, loaded) = match common.load_all() {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let run = tested(args, &rules, &loaded, common);
    if run.judged.is_empty() && run.problems.has_errors() && args.junit.is_none() {
        return common.refuse(run.problems);
    }
    if let Err(error) = told(&run, args, common) {
        // Whoever reads has gone: there is nobody to tell more, and the exit code still says what came of it.
        if !matches!(&error, TestError::Write(source) if source.kind() == io::ErrorKind::BrokenPipe) {
            super::tell(common.lang, &error, None);
            return ExitCode::from(2);
        }
    }
    let has_failed = run.judged.iter().flat_map(|file| &file.cases).any(|case| !case.failures.is_empty());
    if run.problems.has_errors() {
        return common.refuse(run.problems);
    }
    ExitCode::from(u8::from(has_failed))
}

fn told(run: &Run, args: &Args, common: &Common) -> Result<(), TestError> {
    if let Some(path) = &args.junit {
        let written = std::fs::write(path, junit::document(run));
        written.map_err(|source| TestError::WriteJunit { path: path.clone(), source })?;
    }
    let shown = match args.format {
        Format::Human => shown::human(run, common.lang),
        Format::Json => shown::json(run),
    };
    shown.map_err(TestError::Write)
}

/// Runs the files named; where none is, those of the rules directory, and then every policy counts.
fn tested(args: &Args, rules: &Path, loaded: &Loaded, common: &Common) -> Run {
    let mut problems = Problems::new();
    let world = World::of(loaded).expect("rules with an error were refused before");
    let set = loaded.rules.as_ref().expect("rules with an error were refused before");
    let paths = if args.files.is_empty() { vec![rules.join("tests")] } else { args.files.clone() };
    let files: Vec<TestFile> =
        files(&paths, &mut problems).iter().filter_map(|path| read_file(path, &world, &mut problems)).collect();
    let judge = Judge::new(Arc::new(set.clone()), loaded.directory.titles(), common.lang);
    let mut fired = Fired::default();
    let judged = files.iter().map(|file| judge.judge(file, &mut fired)).collect();
    let named: Vec<Symbol> = files.iter().map(|file| file.policy.id).collect();
    let counts = |policy: &&Arc<Policy>| args.files.is_empty() || named.contains(&policy.id);
    let policies: Vec<Arc<Policy>> = set.policies.iter().filter(counts).cloned().collect();
    Run { judged, problems, share: fired.share_of(&policies), policies }
}

/// The files meant by paths of which some may be folders.
fn files(paths: &[PathBuf], problems: &mut Problems) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        // What is not there at all is said when it is read.
        let is_folder = path.is_dir() || (path.extension().is_none() && !path.exists());
        if is_folder {
            files.extend(yaml::files_in(path, problems));
        } else {
            files.push(path.clone());
        }
    }
    files
}
