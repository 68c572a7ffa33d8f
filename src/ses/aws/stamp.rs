//! Marker of when a request goes out, for a [`Departure`].
//!
//! The HTTP client asks a request's body for data once it has a connection on
//! which the request's head has been written: not while it is looking for
//! credentials, resolving, connecting or negotiating TLS. So the body is wrapped,
//! and the first time that it is asked is when the request went out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_sdk_ses::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_ses::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ses::error::BoxError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::ses::api::Departure;

/// An interceptor that wraps the body of a signed request.
#[derive(Debug)]
pub(super) struct Stamp(pub(super) Arc<dyn Departure>);

impl Intercept for Stamp {
    fn name(&self) -> &'static str {
        "Stamp"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _runtime_components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = std::mem::replace(context.request_mut().body_mut(), SdkBody::taken());
        *context.request_mut().body_mut() = SdkBody::from_body_1_x(StampedBody {
            body,
            departure: Arc::clone(&self.0),
        });
        Ok(())
    }
}

struct StampedBody {
    body: SdkBody,
    departure: Arc<dyn Departure>,
}

impl Body for StampedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.departure.sent();
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}
