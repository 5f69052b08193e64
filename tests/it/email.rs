//! Mail, against a server that answers as servers do when they are well, busy, full, gone or not what they claim to be.

use crate::fakes::*;
use duban::config::channels::{Email as Options, MailSecurity};
use duban::demo::sinks::smtp::{Reply, SmtpSink};
use duban::notify::channel::{Channel, Outcome};
use duban::notify::email::Email;
use duban::notify::open::OpenError;
use std::sync::Arc;
use std::time::Duration;

const TO: &str = "zhang@example.gov.cn";

fn options(port: u16) -> Options {
    Options {
        attach_dossier: false,
        host: "localhost".into(),
        port,
        security: MailSecurity::Never,
        user: None,
        password: None,
        from: "12345热线 <notice@example.gov.cn>".into(),
        reply_to: None,
        ca_file: None,
        timeout: Duration::from_millis(400),
    }
}

async fn plain(sink: SmtpSink) -> (Arc<SmtpSink>, Email) {
    let sink = Arc::new(sink);
    let port = serve_smtp(&sink).await;
    (sink, Email::open(&options(port)).unwrap())
}

/// What becomes of one mail when the server gives this answer to the command.
async fn when(command: &'static str, reply: Reply) -> Outcome {
    let (_, email) = plain(scripted_smtp([(command, reply)])).await;
    deliver(&email, &message("n1", TO)).await
}

fn count(sink: &SmtpSink, command: &str) -> usize {
    sink.commands().iter().filter(|line| line.starts_with(command)).count()
}

#[tokio::test]
async fn a_mail_arrives_with_both_parts_and_the_servers_name_for_it_is_kept() {
    let (sink, email) = plain(SmtpSink::taking_all()).await;
    let outcome = deliver(&email, &message("n1", TO)).await;
    assert_eq!(outcome, Outcome::Accepted { provider_id: Some("2.0.0 queued as 1".into()) });
    let [mail] = &sink.mails()[..] else { panic!("{:?}", sink.mails()) };
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("notice@example.gov.cn", &[TO.to_owned()][..]));
    for part in [
        "Message-ID: <notice-n1@example.gov.cn>",
        "In-Reply-To: <order-ZH-2024-000017@example.gov.cn>",
        "References: <order-ZH-2024-000017@example.gov.cn>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "List-Id: <yellow-card.duban.example.gov.cn>",
        "Date: Mon, 5 Jan 2026 09:00:00 +0800",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(mail.content.contains(part), "{part} is not in\n{}", mail.content);
    }
}

#[tokio::test]
async fn a_second_attempt_sends_the_same_bytes() {
    let (sink, email) = plain(scripted_smtp([(".", line("451 4.3.0 try later"))])).await;
    assert_transient(&deliver(&email, &message("n1", TO)).await);
    assert!(is_accepted(&deliver(&email, &message("n1", TO)).await));
    assert!(is_accepted(&deliver(&email, &message("n1", TO)).await));
    let mails = sink.mails();
    assert_eq!(mails[0], mails[1]);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_mail_even_after_a_refusal() {
    let (sink, email) = plain(scripted_smtp([("RCPT", line("550 5.1.1 no such user"))])).await;
    assert_permanent(&deliver(&email, &message("n1", TO)).await);
    assert!(is_accepted(&deliver(&email, &message("n2", TO)).await));
    assert!(is_accepted(&deliver(&email, &message("n3", TO)).await));
    assert_eq!(count(&sink, "CONNECT"), 1);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_is_replaced_unnoticed() {
    for reply in [line("421 4.4.2 idle too long"), Reply::Close] {
        let (sink, email) = plain(scripted_smtp([("RSET", reply)])).await;
        assert!(is_accepted(&deliver(&email, &message("n1", TO)).await));
        assert!(is_accepted(&deliver(&email, &message("n2", TO)).await));
        assert_eq!((count(&sink, "CONNECT"), sink.mails().len()), (2, 2));
    }
}

#[tokio::test]
async fn a_connection_idle_for_long_is_not_used_again() {
    let (sink, email) = plain(SmtpSink::taking_all()).await;
    assert!(is_accepted(&email.deliver(&message("n1", TO), NOW).await));
    assert!(is_accepted(&email.deliver(&message("n2", TO), after(61)).await));
    assert_eq!(count(&sink, "CONNECT"), 2);
}

#[tokio::test]
async fn what_the_server_refuses_for_now_is_transient_in_every_phase() {
    for (command, reply) in [
        ("CONNECT", "421 4.3.2 shutting down"),
        ("EHLO", "421 4.3.2 shutting down"),
        ("MAIL", "451 4.7.1 greylisted"),
        ("RCPT", "450 4.2.0 mailbox busy"),
        ("RCPT", "421 4.7.0 too many"),
        ("DATA", "452 4.3.1 no space"),
        (".", "451 4.3.0 local error"),
    ] {
        let outcome = when(command, line(reply)).await;
        assert_transient(&outcome);
        assert!(reason(&outcome).contains(&reply[..3]), "{command}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_permanent() {
    for (command, reply, meaning) in [
        ("MAIL", "553 5.1.8 bad sender", "收件人被拒"),
        ("RCPT", "550 5.1.1 no such user", "收件人地址不存在"),
        ("RCPT", "552 5.2.2 over quota", "收件人邮箱已满"),
        (".", "554 5.7.1 policy", "被策略拒绝"),
    ] {
        let outcome = when(command, line(reply)).await;
        assert_permanent(&outcome);
        assert!(reason(&outcome).contains(meaning), "{command}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_conversation_that_breaks_off_before_the_content_is_transient_and_after_it_unknown() {
    for command in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"] {
        assert_transient(&when(command, Reply::Close).await);
    }
    assert_unknown(&when(".", Reply::Close).await);
    assert_transient(&when("RCPT", Reply::Silence).await);
    assert_unknown(&when(".", Reply::Silence).await);
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let email = Email::open(&options(nobody().await.port())).unwrap();
    let outcome = deliver(&email, &message("n1", TO)).await;
    assert_transient(&outcome);
    assert!(reason(&outcome).contains("对方拒绝连接"), "{outcome:?}");
}

#[tokio::test]
async fn a_recipient_without_a_usable_address_costs_no_connection() {
    let (sink, email) = plain(SmtpSink::taking_all()).await;
    for to in ["", "zhang", "a@example.cn>\r\nRCPT TO:<b@example.cn", "a@example.cn,b@example.cn"] {
        assert_permanent(&deliver(&email, &message("n1", to)).await);
    }
    assert!(sink.commands().is_empty());
}

#[tokio::test]
async fn an_address_in_chinese_needs_a_server_that_takes_it() {
    let (_, email) = plain(SmtpSink::taking_all()).await;
    let outcome = deliver(&email, &message("n1", "张三@example.gov.cn")).await;
    assert_permanent(&outcome);
    assert!(reason(&outcome).contains("非 ASCII"), "{outcome:?}");
}

#[tokio::test]
async fn no_reason_holds_an_address_or_what_the_server_wrote() {
    let (_, email) =
        plain(scripted_smtp([("RCPT", line("550 5.1.1 <zhang@example.gov.cn> unknown, see tel 13800000000"))])).await;
    let outcome = deliver(&email, &message("n1", TO)).await;
    assert_eq!(reason(&outcome), "邮件服务器答复 550 5.1.1：收件人地址不存在");
}

#[tokio::test]
async fn the_password_is_used_and_a_wrong_one_is_said_to_be_wrong() {
    let files = Files::new();
    let sink = Arc::new(scripted_smtp([("AUTH", line("535 5.7.8 authentication failed"))]));
    let mut options = options(serve_smtp(&sink).await);
    options.user = Some("notice".into());
    options.password = Some(files.secret("smtp", "s3cret\n"));
    let email = Email::open(&options).unwrap();
    let outcome = deliver(&email, &message("n1", TO)).await;
    assert_permanent(&outcome);
    assert!(reason(&outcome).contains("登录被拒"), "{outcome:?}");
    assert!(is_accepted(&deliver(&email, &message("n1", TO)).await));
    // PLAIN: a null byte before the user and before the password, in Base64.
    assert!(sink.commands().iter().any(|line| line == "AUTH PLAIN AG5vdGljZQBzM2NyZXQ="), "{:?}", sink.commands());
}

#[tokio::test]
async fn starttls_is_required_unless_it_is_switched_off() {
    let (sink, _) = plain(SmtpSink::taking_all()).await;
    let files = Files::new();
    let port = serve_smtp(&sink).await;
    let secured = Options {
        security: MailSecurity::StartTls,
        user: Some("notice".into()),
        password: Some(files.secret("smtp", "s3cret")),
        ..options(port)
    };
    let outcome = deliver(&Email::open(&secured).unwrap(), &message("n1", TO)).await;
    assert_permanent(&outcome);
    assert!(reason(&outcome).contains("STARTTLS"), "{outcome:?}");
    assert!(sink.mails().is_empty());
    assert_eq!(count(&sink, "AUTH"), 0, "a password went out in the clear");
}

#[tokio::test]
async fn mail_goes_over_starttls_and_implicit_tls_with_a_private_authority() {
    let (files, certificate) = (Files::new(), Certificate::of("localhost"));
    let ca_file = Some(files.holding("ca.pem", &certificate.pem));
    let sink = Arc::new(SmtpSink::taking_all().offering_starttls());
    let starttls = serve_starttls(&sink, &certificate).await;
    let implicit = serve_smtps(&sink, &certificate).await;
    for (security, port) in [(MailSecurity::StartTls, starttls), (MailSecurity::Tls, implicit)] {
        let email = Email::open(&Options { security, ca_file: ca_file.clone(), ..options(port) }).unwrap();
        let outcome = deliver(&email, &message("n1", TO)).await;
        assert!(is_accepted(&outcome), "{security:?}: {outcome:?}");
    }
    assert_eq!((count(&sink, "STARTTLS"), sink.mails().len()), (1, 2));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_not_the_hosts_gets_no_mail() {
    let files = Files::new();
    let (ours, others) = (Certificate::of("localhost"), Certificate::of("mail.example.gov.cn"));
    let sink = Arc::new(SmtpSink::taking_all().offering_starttls());
    let ca_file = Some(files.holding("ca.pem", &others.pem));
    for (certificate, ca_file, meaning) in [
        (&ours, None, "证书不受信任"),
        (&ours, ca_file.clone(), "证书不受信任"),
        (&others, ca_file, "证书不是这个域名的"),
    ] {
        let port = serve_smtps(&sink, certificate).await;
        let email = Email::open(&Options { security: MailSecurity::Tls, ca_file, ..options(port) }).unwrap();
        let outcome = deliver(&email, &message("n1", TO)).await;
        assert_transient(&outcome);
        assert!(reason(&outcome).contains(meaning), "{outcome:?}");
    }
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_configuration_is_known_at_the_start() {
    let files = Files::new();
    let open = |change: &dyn Fn(&mut Options)| {
        let mut options = options(25);
        change(&mut options);
        Email::open(&options).err().unwrap()
    };
    assert!(matches!(open(&|options| options.from = "12345热线".into()), OpenError::Mailbox { key: "from" }));
    let empty = files.holding("empty.pem", "");
    assert!(matches!(open(&|options| options.ca_file = Some(empty.clone())), OpenError::BadCaFile { .. }));
    let missing = empty.with_file_name("missing.pem");
    assert!(matches!(open(&|options| options.ca_file = Some(missing.clone())), OpenError::ReadCaFile { .. }));
}
