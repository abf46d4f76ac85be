package import Cryptography
internal import Glibc
internal import NIOSSL
internal import Synchronization

/// The gateway's certificate and key, read again when their files change. Connections that stand keep theirs.
package final class GatewayCertificate: Sendable {
    private struct Stamp: Equatable {
        var files: [FileStamp]
    }

    private struct FileStamp: Equatable {
        var seconds: Int
        var nanoseconds: Int
        var size: Int
        var number: UInt
    }

    private struct State {
        var context: NIOSSLContext
        var stamp: Stamp
        var facts: CertificateFacts
        var problem: String?
    }

    private let certificateFile: String
    private let keyFile: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - certificateFile: the chain in PEM, the gateway's own first.
    ///   - keyFile: in PEM, without a passphrase.
    ///
    /// Throws ``CertificateProblem``.
    package init(certificateFile: String, keyFile: String) throws {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        let stamp = Self.stamp(certificateFile, keyFile)
        let (context, facts) = try Self.load(certificateFile, keyFile)
        state = Mutex(State(context: context, stamp: stamp, facts: facts, problem: nil))
    }

    var context: NIOSSLContext { state.withLock { $0.context } }
    /// Of the one that is in use.
    package var facts: CertificateFacts { state.withLock { $0.facts } }
    /// Why newer files are not in use.
    package var problem: String? { state.withLock { $0.problem } }

    /// Takes in files that have changed. True: from here on new connections get the new certificate. Throws, once, where they are no good: the old one stays.
    package func refresh() throws -> Bool {
        let stamp = Self.stamp(certificateFile, keyFile)
        guard state.withLock({ $0.stamp != stamp }) else { return false }
        do {
            let (context, facts) = try Self.load(certificateFile, keyFile)
            state.withLock { $0 = State(context: context, stamp: stamp, facts: facts, problem: nil) }
            return true
        } catch {
            state.withLock { state in
                state.stamp = stamp
                state.problem = "the new certificate is not used: \(error)"
            }
            throw error
        }
    }

    private static func load(_ certificateFile: String, _ keyFile: String) throws -> (NIOSSLContext, CertificateFacts) {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
        } catch {
            throw CertificateProblem(reason: "\(certificateFile) holds no certificate in PEM that can be read")
        }
        do {
            key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        } catch {
            throw CertificateProblem(reason: "\(keyFile) holds no private key in PEM without a passphrase")
        }
        guard let own = chain.first else { throw CertificateProblem(reason: "\(certificateFile) holds no certificate") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        // Of TLS 1.2 only those with forward secrecy and authenticated encryption; all of 1.3 have both.
        configuration.cipherSuiteValues = [
            .TLS_AES_128_GCM_SHA256, .TLS_AES_256_GCM_SHA384, .TLS_CHACHA20_POLY1305_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ]
        do {
            let context = try NIOSSLContext(configuration: configuration)
            return (context, try CertificateFacts(der: own.toDERBytes()))
        } catch {
            throw CertificateProblem(reason: "\(certificateFile) and \(keyFile) don't go together: \(error)")
        }
    }

    private static func stamp(_ files: String...) -> Stamp {
        Stamp(
            files: files.map { file in
                var status = stat()
                guard stat(file, &status) == 0 else {
                    return FileStamp(seconds: 0, nanoseconds: 0, size: 0, number: 0)
                }
                return FileStamp(
                    seconds: status.st_mtim.tv_sec,
                    nanoseconds: status.st_mtim.tv_nsec,
                    size: Int(status.st_size),
                    number: UInt(status.st_ino)
                )
            }
        )
    }
}

/// Why the files are no good for TLS.
package struct CertificateProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var reason: String
    package var description: String { reason }
}
