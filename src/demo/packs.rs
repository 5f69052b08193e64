//! The rules and calendars of the repository, built in: the demo runs wherever the binary is.

use std::io;
use std::path::{Path, PathBuf};

const FILES: [(&str, &str); 12] = [
    ("rules/vocabulary.yaml", include_str!("../../rules/vocabulary.yaml")),
    ("rules/directory.yaml", include_str!("../../rules/directory.yaml")),
    ("rules/zhuhai-124.yaml", include_str!("../../rules/zhuhai-124.yaml")),
    ("rules/yicheng-2151.yaml", include_str!("../../rules/yicheng-2151.yaml")),
    ("rules/zhongshan-mashangban.yaml", include_str!("../../rules/zhongshan-mashangban.yaml")),
    ("rules/zhuhai-zhushitong.yaml", include_str!("../../rules/zhuhai-zhushitong.yaml")),
    ("rules/shuangyashan-huiqitong.yaml", include_str!("../../rules/shuangyashan-huiqitong.yaml")),
    ("calendars/cn.yaml", include_str!("../../calendars/cn.yaml")),
    ("calendars/zhuhai.yaml", include_str!("../../calendars/zhuhai.yaml")),
    ("calendars/yicheng.yaml", include_str!("../../calendars/yicheng.yaml")),
    ("calendars/zhongshan.yaml", include_str!("../../calendars/zhongshan.yaml")),
    ("calendars/shuangyashan.yaml", include_str!("../../calendars/shuangyashan.yaml")),
];

/// Lays the built-in files out in a folder: where its rules and its calendars are.
pub(super) fn lay_out(folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
    for (path, text) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok((folder.join("rules"), folder.join("calendars")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_right_by_itself_and_every_pack_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (rules, calendars) = lay_out(folder.path()).unwrap();
        let loaded = crate::policy::load(&rules, &calendars, &None);
        let built_in = loaded.rules.unwrap_or_else(|| panic!("{:?}", loaded.problems)).policies.len();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shipped = crate::policy::load(&root.join("rules"), &root.join("calendars"), &None).rules.unwrap();
        assert_eq!(built_in, shipped.policies.len(), "a new pack has to be named here too");
    }
}
