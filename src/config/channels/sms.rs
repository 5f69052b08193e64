//! The SMS gateways as configured: one type a driver, and what several of them say alike.

use super::{Answer, GatewayRequest, Way};
use crate::config::channels::receipts::Shape;
use crate::config::secret::SecretSource;
use crate::text::place::Place;
use std::collections::{BTreeMap, BTreeSet};

/// Among the templates, the one for notices that are confidential, of whatever kind: it says only that something waits.
pub const CONFIDENTIAL: &str = "confidential";
/// Among the templates, the one for a digest: several notices of different orders in one message.
pub const DIGEST: &str = "digest";
/// Among the templates, the one for every kind that has none of its own.
pub const DEFAULT: &str = "default";

/// `kind: sms`, by its `driver`.
#[derive(Clone, Debug, PartialEq)]
pub enum Sms {
    /// `driver: http`: a gateway described by templates.
    Http(Box<SmsHttp>),
    /// `driver: mas`: 中国移动云MAS.
    Mas(SmsMas),
    /// `driver: aliyun`: 阿里云短信服务.
    Aliyun(SmsAliyun),
    /// `driver: tencent`: 腾讯云短信.
    Tencent(SmsTencent),
    /// `driver: huawei`: 华为云消息&短信.
    Huawei(SmsHuawei),
}

impl Sms {
    /// With what the receipts of a gateway look like that is described by templates.
    #[must_use]
    pub fn with_receipts(mut self, shape: Option<Shape>) -> Sms {
        if let Sms::Http(sms) = &mut self {
            sms.receipts = shape;
        }
        self
    }
}

/// `kind: sms`, `driver: http`.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsHttp {
    /// `request`.
    pub request: GatewayRequest,
    /// `accepted`: what the answer looks like when the gateway has taken the message.
    pub accepted: Answer,
    /// `retry`: what it looks like when trying again can help; by default the statuses 429, 500, 502, 503 and 504.
    pub retry: Answer,
    /// `signature`; where none is given, the text keeps the one that it begins with.
    pub signature: Signature,
    /// What its receipts look like; none: there are none.
    pub receipts: Option<Shape>,
    /// The way there.
    pub way: Way,
}

/// `kind: sms`, `driver: mas`.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsMas {
    /// `url`, whole: provinces run platforms of their own.
    pub url: String,
    /// `ec_name`: 企业名称.
    pub ec_name: String,
    /// `ap_id`: 接口账号用户名.
    pub ap_id: String,
    /// `secret_key`: 接口账号密码.
    pub secret_key: SecretSource,
    /// `sign`: 签名编码, not the signature's text.
    pub sign: String,
    /// `add_serial`: 扩展码; empty where the account's code is matched exactly.
    pub add_serial: String,
    /// `secret_in_body`: whether the key stands in the body, too, as the vendor's sample program sends it.
    pub secret_in_body: bool,
    /// Texts, or with `templates` the parameters of registered templates.
    pub content: MasContent,
    /// The way there.
    pub way: Way,
}

/// What 云MAS is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum MasContent {
    /// 普通短信: texts.
    Text(Signature),
    /// 模板短信.
    Templates(SmsTemplates),
}

/// `kind: sms`, `driver: aliyun`.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsAliyun {
    /// `base_url`; default `https://dysmsapi.aliyuncs.com`.
    pub base_url: String,
    /// `access_key_id`.
    pub access_key_id: String,
    /// `access_key_secret`.
    pub access_key_secret: SecretSource,
    /// `signature`, without brackets.
    pub signature: String,
    /// `templates`.
    pub templates: SmsTemplates,
    /// The way there.
    pub way: Way,
}

/// `kind: sms`, `driver: tencent`.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsTencent {
    /// `base_url`; default `https://sms.tencentcloudapi.com`.
    pub base_url: String,
    /// `region`; default `ap-guangzhou`.
    pub region: String,
    /// `secret_id`.
    pub secret_id: String,
    /// `secret_key`.
    pub secret_key: SecretSource,
    /// `app_id`: `SmsSdkAppId`.
    pub app_id: String,
    /// `per_number`: how many SMS one number may be sent in 30 seconds, an hour and a day, as the console has it; none: the
    /// other side says when it is too much.
    pub per_number: PerNumber,
    /// `signature`, without brackets.
    pub signature: String,
    /// `templates`.
    pub templates: SmsTemplates,
    /// The way there.
    pub way: Way,
}

/// How many SMS one number may be sent; none: as many as the other side takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerNumber {
    /// `half_minute`: in any 30 seconds.
    pub half_minute: Option<u32>,
    /// `hour`: in any hour.
    pub hour: Option<u32>,
    /// `day`: in any 24 hours.
    pub day: Option<u32>,
}

/// `kind: sms`, `driver: huawei`.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsHuawei {
    /// `base_url`; default `https://smsapi.cn-north-4.myhuaweicloud.com:443`.
    pub base_url: String,
    /// `app_key`.
    pub app_key: String,
    /// `app_secret`.
    pub app_secret: SecretSource,
    /// `sender`: 通道号.
    pub sender: String,
    /// `signature`, without brackets; needed for 通用模板 alone.
    pub signature: Option<String>,
    /// `status_callback`: where receipts are posted, if not where the application's settings say; whole, it is a secret.
    pub status_callback: Option<SecretSource>,
    /// `templates`.
    pub templates: SmsTemplates,
    /// The way there.
    pub way: Way,
}

/// Who puts the signature (签名) in front of a text. It stands there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signature {
    /// The text keeps the one that it begins with.
    AsWritten,
    /// `signature_by: gateway`: the text goes without; its length counts this one, or the one taken away.
    ByGateway(Option<String>),
    /// `signature_by: text`: the text begins with this one.
    ByText(String),
}

/// `templates`: what notices are sent as by a gateway that takes only templates registered with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmsTemplates {
    /// By kind of notice, [`CONFIDENTIAL`], [`DIGEST`] and [`DEFAULT`]; none: such notices do not go by SMS, which was
    /// said outright.
    pub by_kind: BTreeMap<String, Option<SmsTemplate>>,
    /// `param_length_max`: the longest parameter that the gateway takes, in UTF-16 units.
    pub param_length_max: usize,
}

/// A template as registered with the gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsTemplate {
    /// `id`: the gateway's name for it.
    pub id: String,
    /// `params`, in the file's order.
    pub params: Vec<SmsParam>,
    /// `text`, as registered: what `duban check` holds the parameters against and counts.
    pub text: Option<String>,
}

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsParam {
    /// Its name; of an ordered one its number from 1.
    pub name: String,
    /// A template over the notice's facts, such as `{{ order }}`.
    pub value: String,
    /// The facts that it names, such as `due.brief`.
    pub variables: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

impl SmsTemplates {
    /// The template for a word of `templates`: a kind of notice, [`CONFIDENTIAL`] or [`DIGEST`]. What is confidential never
    /// takes the default one.
    pub fn of(&self, word: &str) -> Option<&SmsTemplate> {
        let default = || self.by_kind.get(DEFAULT).filter(|_| word != CONFIDENTIAL);
        self.by_kind.get(word).or_else(default)?.as_ref()
    }

    /// Every parameter.
    pub fn params(&self) -> impl Iterator<Item = &SmsParam> {
        self.by_kind.values().flatten().flat_map(|template| &template.params)
    }
}

impl Sms {
    /// The templates that it sends by; none: it sends texts.
    pub fn templates(&self) -> Option<&SmsTemplates> {
        match self {
            Sms::Http(_) => None,
            Sms::Mas(mas) => match &mas.content {
                MasContent::Text(_) => None,
                MasContent::Templates(templates) => Some(templates),
            },
            Sms::Aliyun(aliyun) => Some(&aliyun.templates),
            Sms::Tencent(tencent) => Some(&tencent.templates),
            Sms::Huawei(huawei) => Some(&huawei.templates),
        }
    }

    /// The signature (签名) as configured, with its brackets; none: there is none.
    pub fn signature(&self) -> Option<String> {
        let of = |signature: &Signature| match signature {
            Signature::AsWritten | Signature::ByGateway(None) => None,
            Signature::ByGateway(Some(text)) | Signature::ByText(text) => Some(text.clone()),
        };
        let bracketed = |bare: &String| format!("【{bare}】");
        match self {
            Sms::Http(http) => of(&http.signature),
            Sms::Mas(mas) => match &mas.content {
                MasContent::Text(signature) => of(signature),
                MasContent::Templates(_) => None,
            },
            Sms::Aliyun(aliyun) => Some(bracketed(&aliyun.signature)),
            Sms::Tencent(tencent) => Some(bracketed(&tencent.signature)),
            Sms::Huawei(huawei) => huawei.signature.as_ref().map(bracketed),
        }
    }

    /// The facts that its templates name.
    pub fn variables(&self) -> BTreeSet<&str> {
        let params = self.templates().into_iter().flat_map(SmsTemplates::params);
        params.flat_map(|param| &param.variables).map(String::as_str).collect()
    }

    /// The way there.
    pub fn way(&self) -> &Way {
        match self {
            Sms::Http(http) => &http.way,
            Sms::Mas(mas) => &mas.way,
            Sms::Aliyun(aliyun) => &aliyun.way,
            Sms::Tencent(tencent) => &tencent.way,
            Sms::Huawei(huawei) => &huawei.way,
        }
    }
}
