// SPDX-License-Identifier: Apache-2.0
// Gateway: istio/api networking/v1alpha3/gateway.proto, as its CRD schema spells it.
#include "config/schema_fields.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

using namespace fields;  // NOLINT(google-build-using-namespace): the words of the tables below

constexpr Field kPortFields[] = {required(natural("number")), required(text("protocol")),
                                 required(text("name")), natural("targetPort")};
constexpr Message kPort = {"Port", kPortFields};

constexpr std::string_view kTlsModes[] = {"PASSTHROUGH",      "SIMPLE",       "MUTUAL",
                                          "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"};
constexpr std::string_view kTlsVersions[] = {"TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2",
                                             "TLSV1_3"};
constexpr Field kCertificateFields[] = {text("serverCertificate"), text("privateKey"),
                                        text("caCertificates")};
constexpr Message kCertificate = {"TLSCertificate", kCertificateFields};
constexpr Field kServerTlsFields[] = {
    flag("httpsRedirect"),
    one_of("mode", kTlsModes),
    text("serverCertificate"),
    text("privateKey"),
    text("caCertificates"),
    text("caCrl"),
    text("credentialName"),
    at_least(1, at_most(2, list(text("credentialNames")))),
    text("caCertCredentialName"),
    at_least(1, at_most(2, list(message("tlsCertificates", kCertificate)))),
    list(text("subjectAltNames")),
    list(text("verifyCertificateSpki")),
    list(text("verifyCertificateHash")),
    one_of("minProtocolVersion", kTlsVersions),
    one_of("maxProtocolVersion", kTlsVersions),
    list(text("cipherSuites")),
    list(text("ecdhCurves")),
    flag("insecureSkipVerify"),
};
constexpr std::string_view kManyCertificates[] = {"tlsCertificates", "credentialNames"};
constexpr std::string_view kCredentials[] = {"credentialName", "credentialNames"};
constexpr Exclusive kServerTlsExclusive[] = {kManyCertificates, kCredentials};

constexpr Field kServerFields[] = {
    required(message("port", kPort)),
    refused(text("bind"), "remove bind; the port is opened on every address of the gateway pod"),
    required(list(text("hosts"))),
    refused(message("tls", kServerTlsSchema), "serve this port as plain HTTP, or leave it out"),
    deprecated(text("defaultEndpoint"), "remove it"),
    no_effect(text("name")),
};
constexpr Message kServer = {"Server", kServerFields};

constexpr Field kGatewayFields[] = {map(text("selector")), list(message("servers", kServer))};

}  // namespace

constinit const Message kServerTlsSchema = {"ServerTLSSettings", kServerTlsFields, false,
                                            kServerTlsExclusive};
constinit const Message kGatewaySchema = {"Gateway", kGatewayFields};

}  // namespace sm::config
