//! How sources stand, as the store knows them.

use super::{Failure, find};
use crate::cli::columns;
use crate::config::Config;
use crate::config::sources::{Source, SourceKind};
use crate::source::folder::refused_files;
use crate::store::error::StoreError;
use crate::store::sources::{REFUSED_MAX, SourceState};
use crate::store::{Role, Store};
use crate::text::Lang;
use crate::time::Instant;
use std::process::ExitCode;

/// A line for each source of the configuration, and below it why one cannot be read.
pub(super) async fn list(lang: Lang, config: &Config) -> Result<ExitCode, Failure> {
    let store = open(config).await?;
    let mut rows = vec![head(lang)];
    let mut failures = Vec::new();
    for source in &config.sources {
        let state = store.source_state(&source.name).await?;
        rows.push(row(lang, source, &state));
        failures.extend(state.failure.map(|(since, why)| failed(lang, source, since, &why)));
    }
    store.close().await;
    for line in columns::rows(&rows).into_iter().chain(failures) {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for each row that was refused.
pub(super) async fn show(lang: Lang, config: &Config, name: &str) -> Result<ExitCode, Failure> {
    let source = find(config, name)?;
    let store = open(config).await?;
    let state = store.source_state(&source.name).await?;
    let refused = store.refused_rows(&source.name, REFUSED_MAX).await?;
    store.close().await;
    let none = "-".to_owned();
    match lang {
        Lang::Zh => println!("读到：{}", state.position.as_ref().unwrap_or(&none)),
        Lang::En => println!("read up to: {}", state.position.as_ref().unwrap_or(&none)),
    }
    for row in &refused {
        match (&row.column, lang) {
            (Some(column), Lang::Zh) => println!("{}“{column}”：{}", row.place, row.reason),
            (Some(column), Lang::En) => println!("{}, `{column}`: {}", row.place, row.reason),
            (None, Lang::Zh) => println!("{}：{}", row.place, row.reason),
            (None, Lang::En) => println!("{}: {}", row.place, row.reason),
        }
    }
    Ok(ExitCode::from(u8::from(!refused.is_empty())))
}

async fn open(config: &Config) -> Result<Store, Failure> {
    if !config.store.exists() {
        return Err(StoreError::Missing(config.store.clone()).into());
    }
    Ok(Store::open(&config.store, Role::Reader).await?)
}

fn head(lang: Lang) -> Vec<String> {
    let names = match lang {
        Lang::Zh => ["来源", "种类", "状态", "最近一次", "读完于", "新增", "重复", "属性不同", "拒收待处理"],
        Lang::En => ["source", "kind", "state", "looked at", "at its end", "new", "known", "changed", "refused now"],
    };
    names.map(str::to_owned).into()
}

fn row(lang: Lang, source: &Source, state: &SourceState) -> Vec<String> {
    let (kind, refused) = match &source.kind {
        SourceKind::Sql(sql) => (sql.database.title(), state.refused_now),
        SourceKind::Folder(folder) => (if lang == Lang::Zh { "文件夹" } else { "folder" }, refused_files(folder)),
    };
    let is = match (state.looked_at, &state.failure, lang) {
        (None, _, Lang::Zh) => "没有看过",
        (None, _, Lang::En) => "never looked at",
        (_, Some(_), Lang::Zh) => "不通",
        (_, Some(_), Lang::En) => "failing",
        (_, None, Lang::Zh) => "正常",
        (_, None, Lang::En) => "ok",
    };
    let zone = source.mapping.zone.unwrap_or(chrono_tz::Asia::Shanghai);
    let shown = |at: Option<Instant>| {
        at.map_or_else(|| "-".to_owned(), |at| at.in_zone(zone).format("%m-%d %H:%M:%S").to_string())
    };
    let mut cells = vec![source.name.to_string(), kind.to_owned(), is.to_owned()];
    cells.extend([shown(state.looked_at), shown(state.caught_up_at)]);
    let counts = [state.counts.taken, state.counts.duplicates, state.counts.changed, refused];
    cells.extend(counts.map(|count| count.to_string()));
    cells
}

fn failed(lang: Lang, source: &Source, since: Instant, why: &str) -> String {
    let zone = source.mapping.zone.unwrap_or(chrono_tz::Asia::Shanghai);
    let since = since.in_zone(zone).format("%m-%d %H:%M:%S");
    match lang {
        Lang::Zh => format!("“{}”自 {since} 起不通：{why}", source.name),
        Lang::En => format!("`{}` fails since {since}: {why}", source.name),
    }
}
