import SyncModel

/// Makes nouns of every shape from one seed (SplitMix64).
struct NounGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func flag() -> Bool { below(2) == 0 }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
    mutating func optional<Value>(_ make: (inout NounGenerator) -> Value) -> Value? { flag() ? make(&self) : nil }
    mutating func list<Element>(upTo count: Int, _ make: (inout NounGenerator) -> Element) -> [Element] {
        (0..<below(count + 1)).map { _ in make(&self) }
    }

    /// Of any length that matters: none, short, long, longer than a page.
    mutating func octets() -> Octets {
        let count = pick([0, 1, 5, 20, 127, 128, 300, 5000])
        return Octets((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) })
    }

    mutating func anchor() -> Anchor { Anchor(high: next(), low: next()) }
    mutating func pairID() -> PairID { PairID(pick([1, 127, 128, next(), .max])) }
    mutating func side() -> Side { pick(Side.allCases) }
    mutating func kind() -> ObjectKind { pick(ObjectKind.allCases) }
    mutating func time() -> Timestamp {
        Timestamp(milliseconds: pick([0, -1, 1_763_900_000_000, .min, .max, Int64(bitPattern: next())]))
    }
    mutating func text() -> String { pick(["", "people", "Grüße", "日本", "a text beyond fifteen octets, and a half"]) }
    mutating func name() -> String {
        pick(["cn", "mail", "samaccountname", "userprincipalname", "ms-ds-consistencyguid", "attribute\(below(40))"])
    }

    mutating func attributes() -> Attributes {
        var attributes = Attributes()
        for _ in 0..<below(25) { attributes[name()] = list(upTo: 4) { $0.octets() } }
        return attributes
    }

    mutating func rdn() -> RelativeDistinguishedName {
        if below(4) > 0 { return RelativeDistinguishedName(type: name(), value: octets()) }
        return RelativeDistinguishedName(
            list(upTo: 3) { RelativeDistinguishedName.Assertion(type: $0.name(), value: $0.octets()) }
        )
    }

    mutating func distinguishedName() -> DistinguishedName { DistinguishedName(list(upTo: 6) { $0.rdn() }) }

    mutating func version() -> Version {
        switch below(3) {
        case 0: .unordered
        case 1: .usn(next(), invocationID: anchor())
        default:
            .csn(ChangeSequenceNumber(parsing: "2026112319150\(below(10)).12345\(below(10))Z#00000a#0ff#000000")!)
        }
    }

    mutating func parent() -> Parent {
        switch below(4) {
        case 0: .root
        case 1: .unresolved(distinguishedName())
        default: .entry(anchor())
        }
    }

    mutating func replica() -> Replica {
        Replica(
            side: side(),
            anchor: anchor(),
            object: optional { $0.text() },
            kind: kind(),
            parent: parent(),
            rdn: rdn(),
            attributes: attributes(),
            version: version(),
            keys: list(upTo: 4) { $0.octets() },
            isProtected: flag(),
            membersVersion: version(),
            withheld: list(upTo: 2) { $0.name() }
        )
    }

    mutating func linkID() -> LinkID { LinkID(side: side(), group: anchor(), member: anchor()) }

    /// Few servers, as there are.
    mutating func link() -> Link {
        var version = version()
        if case .usn(let number, _) = version {
            version = .usn(number, invocationID: .number(UInt64(below(6))))
        }
        return Link(
            sources: Link.Sources(rawValue: UInt8(below(4))),
            isAgreed: flag(),
            isUnwanted: flag(),
            version: version,
            value: optional { $0.octets() }
        )
    }

    mutating func refusal() -> Refusal {
        Refusal(
            reason: RefusalReason(rawValue: UInt8(below(7)))!,
            code: pick([0, 68, -1, .max, .min]),
            message: text()
        )
    }

    mutating func refusedLink() -> RefusedLink {
        RefusedLink(refusal: refusal(), isAddition: flag(), attempts: below(1000), since: time(), next: time())
    }

    mutating func presence() -> Presence { pick([.missing, .present, .deleted, .outOfScope]) }

    mutating func pair() -> Pair {
        var pair = Pair(id: pairID(), object: optional { $0.text() }, kind: kind())
        pair.anchors = PerSide(ad: optional { $0.anchor() }, miniorange: optional { $0.anchor() })
        pair.presence = PerSide(ad: presence(), miniorange: presence())
        pair.base = optional { $0.attributes() }
        pair.nameCounter = UInt8(below(256))
        return pair
    }

    mutating func operation() -> WriteOperation {
        switch below(13) {
        case 10: .readGroups(anchor())
        case 11: .readStamps(anchor(), attributes: list(upTo: 4) { $0.name() })
        case 0: .add(name: distinguishedName(), objectClasses: list(upTo: 3) { $0.name() }, attributes: attributes())
        case 1:
            .modify(
                anchor(),
                name: distinguishedName(),
                version: version(),
                changes: list(upTo: 4) { generator in
                    AttributeChange(
                        name: generator.name(),
                        old: generator.list(upTo: 3) { $0.octets() },
                        new: generator.list(upTo: 3) { $0.octets() }
                    )
                }
            )
        case 2: .rename(anchor(), name: distinguishedName(), version: version(), newName: distinguishedName())
        case 3: .delete(anchor(), name: distinguishedName(), version: version())
        case 4: .read(anchor())
        case 5: .confirmAbsence(anchor(), LastSeen(parent: anchor(), time: Timestamp(milliseconds: 7)))
        case 6: .readName(distinguishedName())
        case 7: .readMembers(anchor())
        case 8: .readBelow(anchor())
        case 9: .confirmEmpty(anchor(), attributes: list(upTo: 3) { $0.name() })
        default:
            .editValues(
                anchor(),
                name: distinguishedName(),
                edits: ValueEdits(
                    attribute: name(),
                    add: list(upTo: 3) { $0.octets() },
                    remove: list(upTo: 3) { $0.octets() },
                    placeholder: optional { $0.octets() },
                    isGuarded: flag()
                )
            )
        }
    }

    mutating func intent() -> Intent {
        Intent(
            write: Write(
                id: IntentID(next()),
                pair: pairID(),
                side: side(),
                object: optional { $0.text() },
                operation: operation()
            ),
            target: list(upTo: 5) { generator in
                Intent.CanonicalChange(
                    name: generator.name(),
                    values: generator.list(upTo: 3) { $0.octets() },
                    agreed: generator.list(upTo: 3) { $0.octets() }
                )
            },
            since: time(),
            links: list(upTo: 4) { generator in
                Intent.LinkChange(
                    link: generator.linkID(),
                    isPresent: generator.flag(),
                    value: generator.octets(),
                    isImplied: generator.flag(),
                    isVoid: generator.flag()
                )
            }
        )
    }

    mutating func cause() -> DirtyCause { DirtyCause(rawValue: UInt8(below(7)))! }
    mutating func dirtyRecord() -> DirtyRecord { DirtyRecord(since: time(), cause: cause()) }

    mutating func quarantineRecord() -> QuarantineRecord {
        let reason: QuarantineReason =
            switch below(7) {
            case 5: .unreadable(side(), attributes: list(upTo: 3) { $0.name() })
            case 0: .refused(side(), refusal())
            case 4: .members(side(), count: below(100_000), refusal())
            case 1: .ambiguousMatch(rule: below(9), candidates: list(upTo: 3) { $0.anchor() })
            case 2: .noCounterpartForParent
            case 3: .missingRequiredValue(name())
            default: .protected(side())
            }
        return QuarantineRecord(
            reason: reason,
            attempts: below(1000),
            since: time(),
            next: optional { $0.time() },
            isDropped: flag()
        )
    }

    mutating func conflict() -> ConflictRecord {
        ConflictRecord(
            pair: pairID(),
            object: optional { $0.text() },
            subject: pick([.existence, .attribute(name()), .member(pairID())]),
            base: list(upTo: 3) { $0.octets() },
            values: PerSide(ad: list(upTo: 3) { $0.octets() }, miniorange: list(upTo: 3) { $0.octets() }),
            winner: side(),
            decision: ConflictRecord.Decision(rawValue: UInt8(below(12)))!,
            rule: pick(ConflictRule.allCases),
            stamps: PerSide(ad: optional { $0.stamp() }, miniorange: optional { $0.stamp() }),
            isJoin: flag(),
            time: time()
        )
    }

    mutating func resolution() -> ConflictResolution {
        let choices: [ConflictChoice] = [
            .side(.ad), .side(.miniorange), .base, .agreement, .values([]), .values(list(upTo: 3) { $0.octets() }),
        ]
        return ConflictResolution(choice: pick(choices), time: time())
    }

    mutating func stamp() -> Stamp {
        Stamp(
            time: time(),
            granularity: pick([0, 1, 1000, 600_000, .max, -1]),
            source: pick(Stamp.Source.allCases),
            server: optional { $0.pick(["001", "002", "d4a1f0f0-0000-4000-8000-000000000001", ""]) },
            author: optional { $0.text() },
            version: optional { $0.pick([0, 1, 127, .max]) },
            isOurs: flag()
        )
    }

    mutating func settlement() -> Settlement {
        Settlement(
            conflict: ConflictID(next()),
            values: list(upTo: 3) { $0.octets() },
            seen: PerSide(ad: list(upTo: 3) { $0.octets() }, miniorange: list(upTo: 3) { $0.octets() }),
            time: time()
        )
    }

    mutating func hold() -> Hold {
        Hold(
            kind: .deletions(object: text(), at: side()),
            since: time(),
            cause: text(),
            state: pick(Hold.State.allCases),
            ended: optional { $0.time() }
        )
    }

    mutating func deletion() -> Deletion {
        Deletion(
            side: side(),
            object: text(),
            learned: time(),
            author: optional { $0.text() },
            state: pick([.waiting, .held(HoldID(next())), .approved, .rejected, .carried(time())])
        )
    }

    mutating func history() -> HistoryRecord {
        HistoryRecord(
            pair: pairID(),
            time: time(),
            event: HistoryRecord.Event(rawValue: UInt8(below(8)))!,
            side: side(),
            cause: cause(),
            attributes: list(upTo: 4) { $0.name() },
            members: list(upTo: 4) { HistoryRecord.MemberChange(member: $0.pairID(), isPresent: $0.flag()) },
            before: attributes()
        )
    }

    mutating func cursor() -> Cursor { Cursor(server: octets(), position: octets()) }
}
