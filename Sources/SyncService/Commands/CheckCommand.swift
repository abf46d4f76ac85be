import Cache
import Configuration
import Foundation
import Gateway
import Mapping
import SyncModel

/// `syncline check`: configuration, connections, TLS, rights, schema, overlays, indexes and clocks; writes nothing.
package struct CheckCommand {
    private let configurationPath: String
    private let json: Bool

    package init(configurationPath: String, json: Bool) {
        self.configurationPath = configurationPath
        self.json = json
    }

    /// 0: no error, though perhaps warnings; 1: errors; 2: the configuration can't be read at all.
    package func run() async -> Int32 {
        guard FileManager.default.isReadableFile(atPath: configurationPath) else {
            return CommandOutput.fail(
                "\(configurationPath) can't be read; name the configuration with --config FILE"
            )
        }
        let (findings, configuration) = await CheckCommand.findings(
            configurationPath: configurationPath
        )
        if json {
            CommandOutput.json(findings)
        } else {
            let titles = PerSide(
                ad: configuration.map { "\($0.ad.base)" } ?? "",
                miniorange: configuration.map { "\($0.miniorange.base)" } ?? ""
            )
            CommandOutput.text(FindingText(findings: findings, titles: titles).text)
        }
        return findings.contains { $0.level == .error } ? 1 : 0
    }

    /// Everything that is found, in the order in which it is printed.
    static func findings(configurationPath: String) async -> ([Finding], Configuration?) {
        var findings = Findings(nil)
        let configuration: Configuration
        do throws(ConfigurationErrors) {
            configuration = try Configuration.load(path: configurationPath)
        } catch {
            for problem in error.errors {
                let place = problem.position.map { "\(problem.file):\($0)" } ?? problem.file
                findings.error(place, problem.message, remedy: problem.remedy)
            }
            return (findings.all, nil)
        }
        let wiring: Wiring
        do {
            wiring = try Wiring(configuration)
        } catch {
            findings.error(configurationPath, "\(error)", remedy: "correct the rule")
            return (findings.all, configuration)
        }
        let rules = wiring.mappings.reduce(0) { $0 + $1.specification.attributes.count }
        let objects = wiring.mappings.count
        findings.ok(
            configurationPath,
            "\(objects) object\(objects == 1 ? "" : "s"), \(rules) rules, nothing wrong"
        )
        for problem in FileExposure.problems(configuration) {
            findings.warning("files", problem.seen, remedy: problem.remedy)
        }
        checkCache(configuration, &findings)
        if let gateway = configuration.gateway { checkCertificate(of: gateway, &findings) }
        async let ad = DirectoryCheck(side: .ad, wiring: wiring).run()
        async let miniorange = DirectoryCheck(side: .miniorange, wiring: wiring).run()
        let sides = await (ad, miniorange)
        findings.append(sides.0.findings)
        findings.append(sides.1.findings)
        findings.compare(sides.0.passwords, sides.1.passwords)
        if let gateway = configuration.gateway {
            findings.compareLockout(
                passing: gateway.limits.failuresPerAccount,
                to: gateway.authority,
                gateway.authority == .ad ? sides.0.passwords : sides.1.passwords
            )
        }
        return (findings.all, configuration)
    }

    /// That the gateway's files go together, and how long they last. Whether its address is free only the service can tell.
    private static func checkCertificate(of gateway: GatewayConfiguration, _ findings: inout Findings) {
        do {
            let file = gateway.certificateFile
            let certificate = try GatewayCertificate(certificateFile: file, keyFile: gateway.keyFile)
            let loss = "clients refuse the password gateway"
            findings.append([
                DirectoryCheck.certificateFinding(certificate.facts, nil, server: file, now: .now, loss: loss)
            ])
        } catch {
            findings.error(
                "gateway",
                "\(error)",
                remedy: "name a certificate and its own key in gateway.certificateFile and gateway.keyFile"
            )
        }
    }

    private static func checkCache(_ configuration: Configuration, _ findings: inout Findings) {
        do {
            let cache = try Cache.open(at: configuration.cachePath, mode: .readOnly, key: configuration.cacheKey)
            let pairs = try cache.read { try $0.count(.pairs) }
            try cache.close()
            findings.ok("cache", "\(configuration.cachePath): \(pairs) pairs")
        } catch let error as CacheError where error.kind == .missing {
            findings.ok(
                "cache",
                "\(configuration.cachePath): not there yet; synclined makes it when it first starts"
            )
        } catch {
            findings.error("cache", "\(error)", remedy: "see the message")
        }
    }
}
