import Support
import SyncModel

/// The conflict report, judged by when users truly wrote.
extension World {
    /// Who stands is who truly wrote later, where that is beyond what can be known of the clocks; and what was decided by time was decided so.
    func checkWinner(_ conflict: ConflictRecord) {
        guard options.hasOwnStreams, conflict.rule == .newest, case .attribute(let attribute) = conflict.subject,
            WorldMapping.registers.contains(attribute)
        else { return }
        switch conflict.decision {
        case .later, .preferredSide, .provenance, .ownWrite: break
        default: return
        }
        guard let ad = onlyWrite(conflict.values.ad, attribute, .ad),
            let miniorange = onlyWrite(conflict.values.miniorange, attribute, .miniorange)
        else { return }
        let (earlier, later) = ad.time < miniorange.time ? (ad, miniorange) : (miniorange, ad)
        // By when the entry changed last, where its server tells no more: the value was set then or before.
        if let source = conflict.stamps.miniorange?.source, !directories.miniorange.tellsAttributeStamps,
            source == .entry || source == .observed
        {
            return
        }
        // A stamp from before a clock was set is read by the clock as it goes now.
        if let jump = lastClockJump, jump.milliseconds + 1_000 >= earlier.time.milliseconds { return }
        for write in [ad, miniorange] {
            // What we made anew since bears the time of that, and its server doesn't tell who made it.
            if holdsAgain(write, conflict.pair) { return }
            if let last = directories[write.side].lastHeldBack, last >= write.time.milliseconds { return }
        }
        let apart = later.time.milliseconds - earlier.time.milliseconds
        let age = now.milliseconds - earlier.time.milliseconds
        guard apart > Self.clockUncertainty + age / 5_000 else { return }
        if conflict.winner != later.side {
            fail(
                "\(attribute): \(earlier.value?.lossyText ?? "") took the place of \(later.value?.lossyText ?? ""), "
                    + "written \(apart) ms later"
            )
        }
    }

    /// Whether the entry holds this value by our own write.
    private func holdsAgain(_ write: UserHistory.Written, _ pair: PairID) -> Bool {
        guard let value = write.value, let anchor = try? store.read({ try $0.outline(pair)?.anchors[write.side] })
        else {
            return false
        }
        let directory = directories[write.side]
        let name = WorldMapping.attribute(write.attribute, write.side)
        return directory.entries[anchor]?.attributes[name] == [value] && directory.isOurs[anchor]?[name] == true
    }

    /// Milliseconds: two clocks, each known to within a second, and stamps of whole seconds.
    private static var clockUncertainty: Int64 { 3_500 }

    /// The one write by which a user gave an attribute this value here; nil also where he gave it another one besides later, since servers tell of the attribute.
    private func onlyWrite(_ values: [Octets], _ attribute: String, _ side: Side) -> UserHistory.Written? {
        guard values.count == 1, let value = values.first else { return nil }
        let writes = history.writes(of: value)
        guard writes.count == 1, let write = writes.first, write.attribute == attribute, write.side == side else {
            return nil
        }
        let isLast = !history.people.values.contains { past in
            past.writes.contains { $0.order == write.order }
                && past.writes.contains {
                    $0.order > write.order && $0.attribute == attribute && $0.side == side && $0.isAddition
                }
        }
        return isLast ? write : nil
    }

    /// What stands beside a value in the report says no more than whose it is.
    func checkReasons() throws {
        let records = try store.read { try $0.quarantined(after: nil, limit: .max) }
        guard !records.isEmpty else { return }
        for (pair, record) in records {
            let text = "\(record.reason)"
            if let value = history.value(quotedIn: text) {
                fail("the reason why pair \(pair.rawValue) is set aside quotes a value: \(value.lossyText)")
            }
        }
    }
}
