//! `duban audit export`: a bundle that another machine checks without the store.

use super::{Common, Failure};
use crate::clock;
use crate::config::Config;
use crate::store::ledger::bundle::BundleError;
use crate::text::Lang;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 只导出这张工单 [only this order]
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,
    /// 写到哪里（- 为标准输出） [where to; `-` is standard output]
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 含个人信息的事件也导出全文；缺省只导出其摘要 [personal data, too; else only its hash]
    #[arg(long)]
    personal: bool,
    /// 谁导出，记入台账 [who exports, for the ledger]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) async fn run(common: &Common, config: &Config, args: &Args) -> Result<ExitCode, Failure> {
    let personal = super::erase::Personal::of(config)?;
    let store = super::open(config).await?;
    let is_withheld = |kind: &str, body: &str| !args.personal && has_personal(&personal, kind, body);
    let written = write(&args.out, async |out| store.export(args.order.as_deref(), &is_withheld, out).await).await;
    let entries = match written {
        Ok(Some(entries)) => entries,
        Ok(None) => {
            store.close().await;
            return Err(Failure::NoOrder(args.order.clone().unwrap_or_default()));
        }
        Err(failure) => {
            store.close().await;
            return Err(failure);
        }
    };
    let body = json!({ "order": args.order, "entries": entries, "personal": args.personal, "by": args.by });
    let noted = store.record("exported", &body.to_string(), clock::now()).await;
    store.close().await;
    noted?;
    eprintln!(
        "{}",
        match common.lang {
            Lang::Zh => format!("已导出 {entries} 条记录。核验：duban audit verify --bundle 文件 --key 公钥"),
            Lang::En => format!("{entries} entries exported; to verify: duban audit verify --bundle FILE --key PUBLIC"),
        }
    );
    Ok(ExitCode::SUCCESS)
}

fn has_personal(personal: &super::erase::Personal, kind: &str, body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return true };
    let attributes = body.get("attrs").and_then(Value::as_object);
    let names: HashSet<&str> = attributes.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.into_iter().any(|name| personal.is_withheld(kind, name))
}

/// A file is whole or not there: it is written beside, then named.
async fn write(
    path: &Path,
    export: impl AsyncFnOnce(&mut (dyn Write + Send)) -> Result<Option<u64>, BundleError>,
) -> Result<Option<u64>, Failure> {
    if path == Path::new("-") {
        return Ok(export(&mut std::io::stdout()).await?);
    }
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(partial);
    let entries = export(&mut out).await?;
    let partial = out.into_inner().map_err(|error| failed(error.into_error()))?;
    if entries.is_some() {
        partial.persist(path).map_err(|error| failed(error.error))?;
    }
    Ok(entries)
}
