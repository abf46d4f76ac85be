import LDAPClient
import SyncModel
import Testing

@Suite struct ControlTests {
    private static let uuid = Octets([UInt8](0..<16))

    @Test(
        arguments: [
            (PagedResults.request(size: 1000), [0x30, 6, 2, 2, 3, 0xE8, 4, 0]),
            (PagedResults.request(size: 5, cookie: "x"), [0x30, 6, 2, 1, 5, 4, 1, 0x78]),
            (AssertionControl.equals("cn", "a"), [0xA3, 7, 4, 2, 0x63, 0x6E, 4, 1, 0x61]),
            (
                AssertionControl.equalsAll([("cn", "a"), ("sn", "b")]),
                [0xA0, 18, 0xA3, 7, 4, 2, 0x63, 0x6E, 4, 1, 0x61, 0xA3, 7, 4, 2, 0x73, 0x6E, 4, 1, 0x62]
            ),
            (ReadEntryControl.postRead.request(["cn", "*"]), [0x30, 7, 4, 2, 0x63, 0x6E, 4, 1, 0x2A]),
            (SyncRequest(mode: .refreshOnly).control, [0x30, 3, 0x0A, 1, 1]),
            (
                SyncRequest(mode: .refreshAndPersist, cookie: "c", reloadHint: true).control,
                [0x30, 9, 0x0A, 1, 3, 4, 1, 0x63, 1, 1, 0xFF]
            ),
            (DirSync.request(flags: [.incrementalValues]), [0x30, 11, 2, 4, 0x80, 0, 0, 0, 2, 1, 0, 4, 0]),
            (DirSync.request(flags: [.objectSecurity], cookie: "k"), [0x30, 9, 2, 1, 1, 2, 1, 0, 4, 1, 0x6B]),
            (LDAPControl.extendedDN(), [0x30, 3, 2, 1, 1]),
        ] as [(LDAPControl, [UInt8])]
    )
    func aRequestControlHasTheseOctets(control: LDAPControl, bytes: [UInt8]) {
        #expect(control.value?.bytes == bytes)
        #expect(control.isCritical)
    }

    @Test(
        arguments: [
            ("(entryCSN=x)", [0xA3, 13, 4, 8] + Array("entryCSN".utf8) + [4, 1, 0x78]),
            ("(!(cn=*))", [0xA2, 4, 0x87, 2, 0x63, 0x6E]),
            ("(cn=\\2a)", [0xA3, 7, 4, 2, 0x63, 0x6E, 4, 1, 0x2A]),
        ] as [(String, [UInt8])]
    )
    func anAssertionTakesAFilter(filter: String, bytes: [UInt8]) throws {
        #expect(try AssertionControl.filter(filter).value?.bytes == bytes)
    }

    @Test(arguments: ["", "(", "(cn=a", "(&(cn=a)", "cn", "(cn=\\zz)"])
    func aMalformedFilterIsRefusedWithoutItsText(filter: String) throws {
        let error = #expect(throws: LDAPError.self) { _ = try AssertionControl.filter(filter) }
        #expect(error?.code == .filterError)
        #expect(filter.count < 3 || error?.description.contains(filter) == false)
    }

    @Test(
        arguments: [
            ([0x80, 1, 0x63], .newCookie("c")),
            ([0xA1, 0], .refreshDelete(cookie: nil, refreshDone: true)),
            ([0xA1, 6, 4, 1, 0x63, 1, 1, 0], .refreshDelete(cookie: "c", refreshDone: false)),
            ([0xA2, 3, 4, 1, 0x63], .refreshPresent(cookie: "c", refreshDone: true)),
            ([0xA3, 2, 0x31, 0], .idSet(cookie: nil, refreshDeletes: false, entryUUIDs: [])),
            (
                [0xA3, 26, 4, 1, 0x63, 1, 1, 0xFF, 0x31, 18, 4, 16] + [UInt8](0..<16),
                .idSet(cookie: "c", refreshDeletes: true, entryUUIDs: [uuid])
            ),
        ] as [([UInt8], SyncInfo)]
    )
    func aSyncInfoMessageIsRead(bytes: [UInt8], info: SyncInfo) throws {
        #expect(try SyncInfo(oid: SyncInfo.oid, value: Octets(bytes)) == info)
    }

    @Test(
        arguments: [
            [], [0x84, 0], [0xA3, 0], [0xA3, 5, 0x31, 3, 4, 1, 0], [0x80, 2, 0], [0xA1, 0, 0],
        ] as [[UInt8]]
    )
    func aBadSyncInfoMessageIsAnError(bytes: [UInt8]) {
        #expect(throws: BERError.self) { try SyncInfo(oid: SyncInfo.oid, value: Octets(bytes)) }
    }

    @Test func responseControlsAreRead() throws {
        func controls(_ oid: String, _ bytes: [UInt8]) -> [LDAPControl] {
            [LDAPControl("1.2.3", isCritical: false), LDAPControl(oid, isCritical: false, value: Octets(bytes))]
        }
        let state = try SyncState(
            in: controls(SyncState.oid, [0x30, 24, 0x0A, 1, 3, 4, 16] + [UInt8](0..<16) + [4, 1, 0x63])
        )
        #expect(state?.state == .delete)
        #expect(state?.entryUUID == Self.uuid)
        #expect(state?.cookie == "c")
        let done = try SyncDone(in: controls(SyncDone.oid, [0x30, 6, 4, 1, 0x63, 1, 1, 0xFF]))
        #expect(done?.cookie == "c")
        #expect(done?.refreshDeletes == true)
        let page = try PagedResults(in: controls(PagedResults.oid, [0x30, 6, 2, 1, 9, 4, 1, 0x78]))
        #expect(page?.estimatedCount == 9)
        #expect(page?.cookie == "x")
        let sync = try DirSync(in: controls(DirSync.oid, [0x30, 0x84, 0, 0, 0, 9, 2, 1, 1, 2, 1, 0, 4, 1, 0x6B]))
        #expect(sync?.hasMore == true)
        #expect(sync?.cookie == "k")
        #expect(try SyncState(in: []) == nil)
        #expect(try PagedResults(in: controls("1.2.4", [])) == nil)
    }

    @Test(arguments: [UInt8(0x64), 0x30]) func aReadEntryIsReadWithEitherTag(tag: UInt8) throws {
        let bytes = [tag, 17, 4, 1, 0x61, 0x30, 12, 0x30, 10, 4, 2, 0x63, 0x6E, 0x31, 4, 4, 2, 1, 2]
        let control = LDAPControl(ReadEntryControl.preRead.oid, isCritical: false, value: Octets(bytes))
        let entry = try ReadEntryControl.preRead.entry(in: [control])
        #expect(entry == LDAPEntry(dn: "a", attributes: [LDAPAttribute("cn", [Octets([1, 2] as [UInt8])])]))
        #expect(try ReadEntryControl.postRead.entry(in: [control]) == nil)
    }
}
