//! The tree over all chains: its root stands for number, count and head of each of them.
//!
//! A Merkle tree of 16 branches and 8 levels, the leaf of a chain at the place of its number. A leaf's hash is that of a
//! zero byte, the chain's number, its count (each 8 bytes, the highest first) and its head; a node's hash is that of a one
//! byte and the hashes of its 16 children; what is empty is 32 zero bytes. A chain's head begins with the hash of its
//! name, so that the number needs no name beside it.
//!
//! In the store the tree is kept in rows and grows by the ledger's new entries, so that a checkpoint costs as much as what
//! changed. It takes in no entry that does not follow from its chain: a chain that was cut or rewritten since is found
//! there, before anything is signed.

use super::checkpoint::Checkpoint;
use super::{Hash, Link, SYSTEM, hash_of};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::orders::{numbers, unsigned};
use crate::store::rows;
use crate::store::writer::Writing;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many branches a node has.
pub(super) const WIDTH: usize = 16;
/// How many levels of nodes there are.
pub(super) const LEVELS: u8 = 8;
/// So many entries are taken in at once: others who write do not wait for longer.
const SLICE: i64 = 20_000;

/// The children of a node, or the leaves of one on level 0.
pub(super) type Children = [Hash; WIDTH];

const EMPTY: Hash = [0; 32];

/// The hash of a chain's leaf.
pub(super) fn leaf(chain: i64, link: &Link) -> Hash {
    if link.count == 0 {
        return EMPTY;
    }
    let hash = Sha256::new().chain_update([0]).chain_update(chain.to_be_bytes());
    hash.chain_update(link.count.to_be_bytes()).chain_update(link.head).finalize().into()
}

/// The hash of a node.
pub(super) fn node(children: &Children) -> Hash {
    if children.iter().all(|child| *child == EMPTY) {
        return EMPTY;
    }
    Sha256::new().chain_update([1]).chain_update(children.as_flattened()).finalize().into()
}

/// The tree in memory, for checking.
#[derive(Default)]
pub(super) struct Tree {
    levels: [HashMap<i64, Children>; LEVELS as usize],
}

impl Tree {
    /// Takes in how these chains stand.
    pub(super) fn set(&mut self, chains: impl IntoIterator<Item = (i64, Link)>) {
        let mut changed: BTreeMap<i64, Hash> =
            chains.into_iter().map(|(chain, link)| (chain, leaf(chain, &link))).collect();
        for level in &mut self.levels {
            let mut above = BTreeSet::new();
            for (place, hash) in changed {
                let children = level.entry(place >> 4).or_insert([EMPTY; WIDTH]);
                children[branch(place)] = hash;
                above.insert(place >> 4);
            }
            changed = above.into_iter().map(|place| (place, node(&level[&place]))).collect();
        }
    }

    /// Its root.
    pub(super) fn root(&self) -> Hash {
        self.levels[usize::from(LEVELS) - 1].get(&0).map_or(EMPTY, node)
    }
}

/// Which child of its node.
pub(super) fn branch(place: i64) -> usize {
    usize::try_from(place & 15).unwrap_or_default()
}

/// How the tree stands after it has grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grown {
    /// Up to which entry.
    pub entries: u64,
    /// Whether the ledger has entries after that.
    pub is_behind: bool,
}

/// Why the tree does not grow: the ledger is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Torn {
    /// The ledger ends before what the tree has taken in.
    #[error("the ledger ends at entry {last}, but had entries up to {known}")]
    Shorter {
        /// Its last entry.
        last: u64,
        /// What it had.
        known: u64,
    },
    /// An entry does not follow from its chain.
    #[error("entry {entry} of the ledger does not follow from its chain `{chain}`, which had {count} entries")]
    Broken {
        /// The chain: `system`, or the order's id.
        chain: String,
        /// The entry.
        entry: u64,
        /// How many entries the chain had.
        count: u64,
    },
}

impl Store {
    /// Lets the tree take in the ledger's next entries.
    ///
    /// # Errors
    /// Besides the store's own: within, that the ledger was tampered with since the tree last grew.
    pub async fn grow_tree(&self) -> Result<Result<Grown, Torn>, StoreError> {
        let failed = || StoreError::failed("grow the ledger's tree");
        let mut snapshot = self.0.readers.begin().await.map_err(failed())?;
        let planned = plan(&mut snapshot).await.map_err(failed())?;
        drop(snapshot);
        let growth = match planned {
            Ok(growth) => growth,
            Err(torn) => return Ok(Err(torn)),
        };
        let grown = Grown { entries: unsigned(growth.until), is_behind: growth.is_behind };
        if growth.until > growth.from {
            self.write(growth, |growth, writing| Box::pin(write(writing, growth))).await?;
        }
        Ok(Ok(grown))
    }
}

/// What is to be written.
struct Growth {
    from: i64,
    until: i64,
    is_behind: bool,
    rows: Vec<(u8, i64, Vec<u8>)>,
}

async fn plan(conn: &mut SqliteConnection) -> Result<Result<Growth, Torn>, sqlx::Error> {
    let (from, last): (i64, i64) = sqlx::query_as(include_str!("../sql/tree_state.sql")).fetch_one(&mut *conn).await?;
    if last < from {
        return Ok(Err(Torn::Shorter { last: unsigned(last), known: unsigned(from) }));
    }
    let until = last.min(from + SLICE);
    let mut growth = Growth { from, until, is_behind: until < last, rows: Vec::new() };
    let entries = sqlx::query(include_str!("../sql/ledger_links.sql"));
    let entries = entries.bind(from).bind(until).fetch_all(&mut *conn).await?;
    let chains: BTreeSet<i64> = entries.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
    let names = names(conn, &chains).await?;
    let mut groups = load_groups(conn, chains.iter().map(|chain| chain >> 4).collect()).await?;
    for row in &entries {
        let (entry, chain, n): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let name = if chain == SYSTEM { Some("system") } else { names.get(&chain).map(String::as_str) };
        let group = groups.entry(chain >> 4).or_insert_with(empty_group);
        let link = &mut group[branch(chain)];
        let known = if link.count == 0 { begin(name) } else { *link };
        let (content, hash) = (hash_of(row, 3)?, hash_of(row, 4)?);
        let next = known.then(&content);
        if n != next.count || hash != next.head {
            let chain = name.map_or_else(|| format!("#{chain}"), str::to_owned);
            return Ok(Err(Torn::Broken { chain, entry: unsigned(entry), count: unsigned(known.count) }));
        }
        *link = next;
    }
    growth.rows = rows_of(conn, &groups).await?;
    Ok(Ok(growth))
}

fn begin(name: Option<&str>) -> Link {
    match name {
        Some("system") => Link::default(),
        name => Link::begin(&format!("order {}", name.unwrap_or_default())),
    }
}

async fn names(conn: &mut SqliteConnection, chains: &BTreeSet<i64>) -> Result<HashMap<i64, String>, sqlx::Error> {
    let list = numbers(chains.iter().copied());
    let rows = sqlx::query_as(include_str!("../sql/names_of_orders.sql")).bind(list).fetch_all(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Sixteen chains of neighbouring numbers.
type Group = [Link; WIDTH];

fn empty_group() -> Group {
    [Link { count: 0, head: EMPTY }; WIDTH]
}

async fn load_groups(conn: &mut SqliteConnection, places: BTreeSet<i64>) -> Result<HashMap<i64, Group>, sqlx::Error> {
    let bodies = load(conn, 0, places.into_iter()).await?;
    bodies.into_iter().map(|(place, body)| Ok((place, read_group(&body)?))).collect()
}

async fn load(
    conn: &mut SqliteConnection,
    level: u8,
    places: impl Iterator<Item = i64>,
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query_as(include_str!("../sql/tree_rows.sql"));
    rows.bind(i64::from(level)).bind(numbers(places)).fetch_all(conn).await
}

/// The tree's rows as they then are, level by level.
async fn rows_of(
    conn: &mut SqliteConnection,
    groups: &HashMap<i64, Group>,
) -> Result<Vec<(u8, i64, Vec<u8>)>, sqlx::Error> {
    let mut rows: Vec<_> = groups.iter().map(|(place, group)| (0, *place, write_group(group))).collect();
    let mut below: BTreeMap<i64, Hash> =
        groups.iter().map(|(place, group)| (*place, node(&leaves(*place, group)))).collect();
    for level in 1..LEVELS {
        let places: BTreeSet<i64> = below.keys().map(|place| place >> 4).collect();
        let mut nodes = HashMap::new();
        for (place, body) in load(conn, level, places.iter().copied()).await? {
            nodes.insert(place, read_children(&body)?);
        }
        for (place, hash) in below {
            nodes.entry(place >> 4).or_insert([EMPTY; WIDTH])[branch(place)] = hash;
        }
        below = nodes.iter().map(|(place, children)| (*place, node(children))).collect();
        rows.extend(nodes.into_iter().map(|(place, children)| (level, place, children.as_flattened().to_vec())));
    }
    Ok(rows)
}

/// The leaves of a group's node.
pub(super) fn leaves(place: i64, group: &Group) -> Children {
    let mut leaves = [EMPTY; WIDTH];
    for ((leaf_hash, link), chain) in leaves.iter_mut().zip(group).zip(place << 4..) {
        *leaf_hash = leaf(chain, link);
    }
    leaves
}

fn write_group(group: &Group) -> Vec<u8> {
    group.iter().flat_map(|link| link.count.to_be_bytes().into_iter().chain(link.head)).collect()
}

fn wrong_length(body: &[u8]) -> sqlx::Error {
    sqlx::Error::Decode(format!("a row of the tree of {} bytes", body.len()).into())
}

/// The links in a row of level 0.
pub(super) fn read_group(body: &[u8]) -> Result<Group, sqlx::Error> {
    let (links, rest) = body.as_chunks::<40>();
    let mut group = empty_group();
    if links.len() != WIDTH || !rest.is_empty() {
        return Err(wrong_length(body));
    }
    for (link, bytes) in group.iter_mut().zip(links) {
        let (count, head) = bytes.split_at(8);
        link.count = i64::from_be_bytes(count.try_into().unwrap_or_default());
        link.head = head.try_into().unwrap_or_default();
    }
    Ok(group)
}

/// The hashes in a row of a higher level.
pub(super) fn read_children(body: &[u8]) -> Result<Children, sqlx::Error> {
    let (hashes, rest) = body.as_chunks::<32>();
    if rest.is_empty() { hashes.try_into().map_err(|_| wrong_length(body)) } else { Err(wrong_length(body)) }
}

/// That the newest checkpoint signed how a chain stood.
pub(super) struct Proof {
    pub(super) checkpoint: Checkpoint,
    pub(super) chain: i64,
    pub(super) link: Link,
    /// The children of each node from the leaf's up to the root.
    pub(super) path: Vec<Children>,
}

impl Proof {
    /// The root that follows; zeros where the path does not hold together.
    pub(super) fn root(&self) -> Hash {
        let mut hash = leaf(self.chain, &self.link);
        let mut place = self.chain;
        for children in &self.path {
            if children[branch(place)] != hash {
                return EMPTY;
            }
            hash = node(children);
            place >>= 4;
        }
        if self.path.len() == usize::from(LEVELS) { hash } else { EMPTY }
    }
}

/// Proves how a chain stood at the newest checkpoint; none: there is none, or the tree has grown since.
pub(super) async fn proof(conn: &mut SqliteConnection, chain: i64) -> Result<Option<Proof>, sqlx::Error> {
    let newest: Option<(i64, String, Vec<u8>)> =
        sqlx::query_as(include_str!("../sql/newest_checkpoint.sql")).fetch_optional(&mut *conn).await?;
    let newest = newest.and_then(|(_, text, signature)| Checkpoint::read(text, signature));
    let (grown, _): (i64, i64) = sqlx::query_as(include_str!("../sql/tree_state.sql")).fetch_one(&mut *conn).await?;
    let Some(checkpoint) = newest.filter(|newest| newest.said.entries == unsigned(grown)) else { return Ok(None) };
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(include_str!("../sql/tree_path.sql")).bind(chain).fetch_all(conn).await?;
    let (mut path, mut link) = (vec![[EMPTY; WIDTH]; usize::from(LEVELS)], empty_group()[0]);
    for (level, body) in rows {
        let Some(children) = usize::try_from(level).ok().and_then(|level| path.get_mut(level)) else { continue };
        if level == 0 {
            let group = read_group(&body)?;
            (link, *children) = (group[branch(chain)], leaves(chain >> 4, &group));
        } else {
            *children = read_children(&body)?;
        }
    }
    Ok(Some(Proof { checkpoint, chain, link, path }))
}

async fn write(writing: &mut Writing, growth: &Growth) -> Result<(), StoreError> {
    write_rows(writing, growth).await.map_err(StoreError::failed("grow the ledger's tree"))
}

async fn write_rows(writing: &mut Writing, growth: &Growth) -> Result<(), sqlx::Error> {
    // Whoever was faster has done the same.
    let moved = sqlx::query(include_str!("../sql/move_tree.sql")).bind(growth.from).bind(growth.until);
    if moved.execute(&mut writing.conn).await?.rows_affected() == 0 {
        return Ok(());
    }
    let sql = include_str!("../sql/upsert_tree.sql");
    rows::execute(&mut writing.conn, sql, &growth.rows, |query, (level, place, body)| {
        query.bind(i64::from(*level)).bind(*place).bind(body.clone())
    })
    .await?;
    Ok(())
}
