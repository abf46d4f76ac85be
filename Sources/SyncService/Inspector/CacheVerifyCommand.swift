import Cache
import Configuration

/// `syncline cache verify`: whether all tables agree with each other.
package struct CacheVerifyCommand {
    private let options: InspectorOptions
    private let limit: Int

    /// - Parameter limit: at most so many findings.
    package init(_ options: InspectorOptions, limit: Int = 1_000) {
        self.options = options
        self.limit = max(1, limit)
    }

    /// 1 where something is wrong with it.
    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            let cache = try options.openCache()
            let findings = try cache.verify(limit: limit)
            if options.isJSON {
                output.json(json(findings), isPretty: true)
                return findings.isEmpty ? 0 : InspectorRun.found
            }
            for finding in findings {
                output.line("\(finding.table.rawValue): \(finding.problem.rawValue)")
                output.line("    key \(finding.keyText)")
            }
            guard !findings.isEmpty else {
                let rows = try cache.statistics().tables.reduce(0) { $0 + $1.entries }
                output.line("\(rows) records in \(CacheTable.allCases.count) tables, and all agree")
                return 0
            }
            let more = findings.count == limit ? " or more" : ""
            output.line("")
            output.line("\(findings.count)\(more) findings. Restore a backup, or stop synclined and move the")
            output.line("directory away: it is built again from both servers.")
            return InspectorRun.found
        }
    }

    private func json(_ findings: [CacheFinding]) -> JSONValue {
        .object([
            ("sound", .bool(findings.isEmpty)),
            ("complete", .bool(findings.count < limit)),
            (
                "findings",
                .array(
                    findings.map {
                        .object([
                            ("table", .string($0.table.rawValue)), ("problem", .string($0.problem.code)),
                            ("words", .string($0.problem.rawValue)), ("key", .string($0.keyText)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension InspectorOptions {
    /// Another cache than the configured one may be in the clear where that one is not.
    ///
    /// - Parameter configuration: where it is loaded already. Commands that ask nothing of it but where the cache is, and with what it is encrypted, leave it out.
    func openCache(_ configuration: Configuration? = nil, mode: Cache.Mode = .readOnly) throws -> Cache {
        if let cachePath {
            do {
                return try Cache.open(at: cachePath, mode: mode)
            } catch let error as CacheError where error.kind == .keyMissing {
                let key = try (configuration ?? Configuration.load(path: configurationPath)).cacheKey
                return try Cache.open(at: cachePath, mode: mode, key: key)
            }
        }
        let configuration = try configuration ?? Configuration.load(path: configurationPath)
        return try Cache.open(at: configuration.cachePath, mode: mode, key: configuration.cacheKey)
    }
}

extension CacheFinding {
    /// In hex, as it is ordered.
    fileprivate var keyText: String {
        key.map { octet in
            let digits = String(octet, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension CacheFinding.Problem {
    /// Part of what `--json` promises.
    fileprivate var code: String {
        switch self {
        case .unreadable: "unreadable"
        case .nameMissing: "name-missing"
        case .nameWrong: "name-wrong"
        case .keyMissing: "key-missing"
        case .keyWrong: "key-wrong"
        case .parentMissing: "parent-missing"
        case .joinMissing: "join-missing"
        case .joinWrong: "join-wrong"
        case .replicaMissing: "replica-missing"
        case .backlinkMissing: "backlink-missing"
        case .linkMissing: "link-missing"
        case .heldNameMissing: "held-name-missing"
        case .parkedLinkMissing: "parked-link-missing"
        case .historyIndexMissing: "history-index-missing"
        case .historyIndexWrong: "history-index-wrong"
        case .pairMissing: "pair-missing"
        case .holdMissing: "hold-missing"
        case .numberReused: "number-reused"
        case .countWrong: "count-wrong"
        case .stampOfNone: "stamp-of-none"
        case .conflictIndexMissing: "conflict-index-missing"
        case .conflictIndexWrong: "conflict-index-wrong"
        case .heldConflictWrong: "held-conflict-wrong"
        case .settlementWrong: "settlement-wrong"
        }
    }
}
