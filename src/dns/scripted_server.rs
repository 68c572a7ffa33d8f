//! A name server on loopback that says what a test tells it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, MX, NS, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// What the server says to a question.
pub(super) enum Reply {
    Records(Vec<Record>),
    Code(ResponseCode),
    /// No records, and the name servers of another zone.
    Referral,
    /// No records, and the flag that the answer was cut.
    Truncated,
    Silence,
    /// This, but for the question and the id.
    Whole(Box<Message>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

type Script = dyn Fn(&Message, Transport) -> Reply + Send + Sync;

/// Answers over UDP and TCP on one port until it is dropped.
pub(super) struct ScriptedServer {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, RecordType, Transport)>>>,
    _tasks: JoinSet<()>,
}

impl ScriptedServer {
    /// The script is given the name, absolute and lower case, with its final dot.
    pub(super) async fn start(
        script: impl Fn(&str, RecordType, Transport) -> Reply + Send + Sync + 'static,
    ) -> ScriptedServer {
        let by_request = move |request: &Message, transport| {
            let query = &request.queries[0];
            script(&lower(query.name()), query.query_type(), transport)
        };
        ScriptedServer::by_request("127.0.0.1:0", by_request).await
    }

    /// The script is given the whole request.
    pub(super) async fn by_request(
        address: &str,
        script: impl Fn(&Message, Transport) -> Reply + Send + Sync + 'static,
    ) -> ScriptedServer {
        let script: Arc<Script> = Arc::new(script);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (udp, tcp) = bind(address).await;
        let address = udp.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let (udp_script, udp_asked) = (script.clone(), asked.clone());
        tasks.spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let (length, client) = udp.recv_from(&mut buffer).await.unwrap();
                let request = &buffer[..length];
                if let Some(reply) = answer(request, Transport::Udp, &*udp_script, &udp_asked) {
                    udp.send_to(&reply, client).await.unwrap();
                }
            }
        });
        let tcp_asked = asked.clone();
        tasks.spawn(async move {
            while let Ok((stream, _)) = tcp.accept().await {
                let _ = serve_tcp(stream, &*script, &tcp_asked).await;
            }
        });
        ScriptedServer {
            address,
            asked,
            _tasks: tasks,
        }
    }

    /// What was asked so far, repeats included.
    pub(super) fn asked(&self) -> Vec<(String, RecordType, Transport)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn bind(address: &str) -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind(address).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

async fn serve_tcp(
    mut stream: TcpStream,
    script: &Script,
    asked: &Mutex<Vec<(String, RecordType, Transport)>>,
) -> std::io::Result<()> {
    loop {
        let mut request = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut request).await?;
        if let Some(reply) = answer(&request, Transport::Tcp, script, asked) {
            stream.write_u16(reply.len().try_into().unwrap()).await?;
            stream.write_all(&reply).await?;
        }
    }
}

fn answer(
    request: &[u8],
    transport: Transport,
    script: &Script,
    asked: &Mutex<Vec<(String, RecordType, Transport)>>,
) -> Option<Vec<u8>> {
    let request = Message::from_vec(request).unwrap();
    let query = request.queries[0].clone();
    asked
        .lock()
        .unwrap()
        .push((lower(query.name()), query.query_type(), transport));

    let mut response = Message::response(request.metadata.id, request.metadata.op_code);
    response.add_query(query.clone());
    match script(&request, transport) {
        Reply::Records(records) => {
            response.add_answers(records);
        }
        Reply::Code(code) => response.metadata.response_code = code,
        Reply::Referral => {
            let server = NS(Name::from_ascii("ns.example.").unwrap());
            let zone = Name::from_ascii("com.").unwrap();
            response.add_authority(Record::from_rdata(zone, 60, RData::NS(server)));
        }
        Reply::Truncated => response.metadata.truncation = true,
        Reply::Silence => return None,
        Reply::Whole(whole) => {
            response = *whole;
            response.metadata.id = request.metadata.id;
            response.queries = vec![query];
        }
    }
    Some(response.to_vec().unwrap())
}

fn lower(name: &Name) -> String {
    name.to_ascii().to_lowercase()
}

pub(super) fn mx(owner: &str, preference: u16, host: &str) -> Record {
    let host = Name::from_ascii(host).unwrap();
    record(owner, RData::MX(MX::new(preference, host)))
}

pub(super) fn txt(owner: &str, strings: &[&[u8]]) -> Record {
    record(owner, RData::TXT(TXT::from_bytes(strings.to_vec())))
}

pub(super) fn cname(owner: &str, target: &str) -> Record {
    record(
        owner,
        RData::CNAME(CNAME(Name::from_ascii(target).unwrap())),
    )
}

pub(super) fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(Name::from_ascii(owner).unwrap(), 60, data)
}
