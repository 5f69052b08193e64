//! Workbooks that are dropped, tried out by hand: what each would give, or what is wrong with it.

use super::with_sources;
use super::workbook::C::{D, DT, E, N, None, T};
use super::workbook::{C, packed, workbook};
use crate::daemon::harness::Site;

const SHEET: &str = "
  - name: 表
    kind: folder
    path: drop
    timezone: Asia/Shanghai
    events:
      - { type: received, order: 工单编号, at: 受理时间, attrs: { department: 单位 } }
    figures:
      - { figure: 三方通话, day: 日期, value: 量 }
";

fn header() -> Vec<C<'static>> {
    ["工单编号", "受理时间", "单位", "日期", "量"].map(T).into()
}

/// What a workbook gives under a configuration: bodies, or what is wrong.
#[track_caller]
fn tried(sources: &str, bytes: &[u8]) -> String {
    let site = Site::new();
    with_sources(&site, sources);
    std::fs::create_dir(site.path("drop")).unwrap();
    std::fs::write(site.path("drop/a.xlsx"), bytes).unwrap();
    let output = site.output(&["sources", "run", "表", "--dry-run"]);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn dates_times_and_numbers_are_read_as_cells() {
    // 45418 is 2024-05-06; a third of a day is eight hours, which no fraction of two hits exactly.
    let rows = [
        header(),
        vec![N(202_405_060_001.0), DT(45_418.0 + 8.0 / 24.0), T("甲局"), D(45_418.0), N(1041.0)],
        vec![T("ZH-2"), DT(45_419.0), None, None, None],
        vec![T("ZH-3"), T("2024/5/6 9:30"), T(" 乙局 ")],
        vec![],
    ];
    insta::assert_snapshot!(tried(SHEET, &workbook(&rows, &[])), @r#"
    {"at":"2024-05-06T08:00:00+08:00","attrs":{"department":"甲局"},"id":"m-d7ad1a5bf2d07cb71957c4ac855a22ea","order":"202405060001","type":"received"}
    {"day":"2024-05-06","figure":"三方通话","id":"m-e4b05e59b3f516023c2e918365dd9ef6","value":1041}
    {"at":"2024-05-07T00:00:00+08:00","id":"m-2da17b2ab187e5758679ecf23bad0f7b","order":"ZH-2","type":"received"}
    {"at":"2024-05-06T09:30:00+08:00","attrs":{"department":"乙局"},"id":"m-23b8c89859f73b817d926c341fb59f1f","order":"ZH-3","type":"received"}
    "#);
}

#[test]
fn what_a_spreadsheet_has_spoilt_is_named() {
    let rows = [
        header(),
        vec![N(2_024_050_600_010_001.0), DT(45_418.5), None, None, None],
        vec![T("ZH-2"), D(45_418.0), None, None, None],
        vec![T("ZH-3"), E("#N/A"), None, None, None],
        vec![T("ZH-4"), DT(45_418.5), None, None, None, T("备注")],
    ];
    insta::assert_snapshot!(tried(SHEET, &workbook(&rows, &[])), @r"
    a.xlsx 第 2 行“工单编号”：数字超过 15 位，表格软件已经丢了末几位；请把这一列设为文本后重新导出
    a.xlsx 第 3 行“受理时间”：只有日期，没有钟点；若要按当日零点计，请在来源配置里写 format
    a.xlsx 第 4 行“受理时间”：单元格里是错误值 #N/A
    a.xlsx 第 5 行：F 列有内容，那里却没有列名
    ");
}

#[test]
fn a_merged_title_is_refused_with_the_row_to_write_and_read_once_that_is_written() {
    let rows = [
        vec![T("12345 热线工单汇总表")],
        header(),
        vec![T("ZH-1"), DT(45_418.5), None, None, None],
        vec![None, DT(45_418.75)],
    ];
    insta::assert_snapshot!(tried(SHEET, &workbook(&rows, &["A1:E1"])), @"a.xlsx 第 1 行：这一行有合并单元格（A1:E1），而表头要一格一列；请取消合并，或者表头在下面的写 header: 2");
    let below = SHEET.replace("path: drop", "path: drop\n    header: 2");
    insta::assert_snapshot!(tried(&below, &workbook(&rows, &["A1:E1", "A3:A4"])), @r"
    a.xlsx 第 3 行：这一行有合并单元格（A3:A4），只有第一格有值；请取消合并，每格填上
    a.xlsx 第 4 行：这一行有合并单元格（A3:A4），只有第一格有值；请取消合并，每格填上
    ");
}

#[test]
fn what_is_no_workbook_is_told_apart() {
    let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old workbook, or one with a password";
    let far = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>工单编号</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>"#;
    let bomb = format!("<x>{}</x>", " ".repeat(20 << 20));
    let small = SHEET.replace("path: drop", "path: drop\n    size_max: 1 MB");
    let said = [
        tried(SHEET, ole),
        tried(SHEET, b"not a workbook"),
        tried(SHEET, &workbook(&[header()], &[])[..200]),
        tried(SHEET, &packed(far)),
        tried(SHEET, &packed("<worksheet><sheetData><row r=\"x\"")),
        tried(&small, &packed(&bomb)),
        tried(&SHEET.replace("path: drop", "path: drop\n    sheet: 工但"), &workbook(&[header()], &[])),
        tried(SHEET, &workbook(&[], &[])),
    ];
    insta::assert_snapshot!(said.concat(), @r"
    a.xlsx 文件有密码，或其实是旧的 .xls；请去掉密码，另存为 .xlsx
    a.xlsx 不是完好的 .xlsx 文件；请用 Excel 或 WPS 打开后另存一份
    a.xlsx 不是完好的 .xlsx 文件；请用 Excel 或 WPS 打开后另存一份
    a.xlsx 第 1 行：表头里没有这些列：单位、受理时间、日期、量；可以写：工单编号
    a.xlsx 不是完好的 .xlsx 文件；请用 Excel 或 WPS 打开后另存一份
    a.xlsx 文件解开后太大，不予读取
    a.xlsx 没有名为“工但”的工作表；是不是“工单”？
    a.xlsx 第 1 行是空的，那里应是表头
    ");
}
